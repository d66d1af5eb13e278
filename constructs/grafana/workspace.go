package grafana

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsgrafana"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/dashboards"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// WorkspaceProps configures a [Workspace].
type WorkspaceProps struct {
	// Workspaces are the AMP workspaces that Grafana may query, in any region. One of another account lets the role in
	// through its resource policy; see [amp.IWorkspace]. At least one. Required.
	Workspaces *[]amp.IWorkspace

	// Dashboards are written at synthesis, beside the template of the stack, into a folder with the name of the stack and -dashboards.
	// SetupCommands imports them from there.
	//
	// Default: none are written.
	Dashboards *dashboards.Options

	// Name of the workspace: 1 to 255 letters, digits, dots, dashes, underscores and tildes. It need not be unique.
	//
	// Default: none.
	// Source: AWS::Grafana::Workspace, Name.
	Name *string

	// Description of the workspace, at most 2,048 characters.
	//
	// Default: none.
	// Source: AWS::Grafana::Workspace, Description.
	Description *string

	// IdentityCenter lets users of AWS IAM Identity Center sign in, once they are assigned to the workspace, which
	// CloudFormation cannot do. Identity Center must be on in the organization or account.
	//
	// Default: true, or false where Saml is set. Both may be on.
	IdentityCenter *bool

	// Saml lets users of a SAML 2.0 identity provider sign in.
	//
	// Default: no SAML.
	Saml *SamlProps

	// Role that Grafana queries with. It must trust grafana.amazonaws.com.
	//
	// Default: a new role that trusts the Grafana workspaces of this account and region.
	Role awsiam.IRole

	// AllowedPrefixLists hold the public IPv4 addresses that may connect to the workspace, where users still have to sign in; at
	// most 5.
	//
	// Default: none; without AllowedVpcEndpoints too, the workspace can be reached from everywhere.
	AllowedPrefixLists *[]awsec2.IPrefixList

	// AllowedVpcEndpoints are endpoints for the service grafana-workspace through which users may connect; at most 5. AWS
	// ignores endpoints of other services.
	//
	// Default: none; without AllowedPrefixLists too, the workspace can be reached from everywhere.
	AllowedVpcEndpoints *[]awsec2.IInterfaceVpcEndpoint

	// Vpc is the network through which the workspace connects to its data sources. It needs a way to AMP, such as an interface
	// endpoint for aps-workspaces or a NAT gateway.
	//
	// Default: connections go over the network of AWS, and need no VPC.
	Vpc awsec2.IVpc

	// VpcSubnets to connect from, 2 to 6 of them. Only with Vpc.
	//
	// Default: those that awscdk selects, the private ones.
	VpcSubnets *awsec2.SubnetSelection

	// SecurityGroups of the connections, 1 to 5 of them, of the same VPC. Only with Vpc.
	//
	// Default: a new one, which allows all outgoing connections and no incoming ones.
	SecurityGroups *[]awsec2.ISecurityGroup

	// GrafanaVersion of the workspace, such as "12.4". It can be raised later, but not lowered. To list the available
	// versions: aws grafana list-versions.
	//
	// Default: the newest that is available when the workspace is created; later deployments keep it.
	// Source: AWS::Grafana::Workspace, GrafanaVersion.
	GrafanaVersion *string

	// PluginAdmin lets administrators of the workspace install, update and remove plugins. From Grafana 9 on.
	//
	// Default: as Amazon Managed Grafana has it, false.
	PluginAdmin *bool

	// RemovalPolicy says what happens to the workspace when it leaves the stack. What users made in it is in no stack.
	//
	// Default: RETAIN.
	RemovalPolicy awscdk.RemovalPolicy
}

// SamlProps configures sign-in through a SAML identity provider: IdpMetadataUrl or IdpMetadataXml, and the rest as needed.
type SamlProps struct {
	// IdpMetadataUrl is where the metadata of the identity provider is; http or https, at most 2,048 characters.
	IdpMetadataUrl *string

	// IdpMetadataXml is that metadata itself.
	IdpMetadataXml *string

	// AdminRoles are values of the attribute RoleAttribute whose users become administrators. Without any, nobody who signs in
	// through SAML can set up the workspace.
	//
	// Default: none.
	AdminRoles *[]*string

	// EditorRoles are values of the attribute RoleAttribute whose users become editors. Others can only view.
	//
	// Default: none.
	EditorRoles *[]*string

	// EmailAttribute, GroupsAttribute, LoginAttribute, NameAttribute, OrgAttribute and RoleAttribute name the attributes of the
	// SAML assertion that say who a user is, at most 256 characters each. AdminRoles and EditorRoles need RoleAttribute,
	// AllowedOrganizations needs OrgAttribute.
	//
	// Default: as Amazon Managed Grafana has it.
	// Source: AWS::Grafana::Workspace, AssertionAttributes.
	EmailAttribute, GroupsAttribute, LoginAttribute, NameAttribute, OrgAttribute, RoleAttribute *string

	// AllowedOrganizations are values of the attribute OrgAttribute whose users are let in.
	//
	// Default: all.
	AllowedOrganizations *[]*string

	// LoginValidity is how long a user stays signed in, in whole minutes.
	//
	// Default: as Amazon Managed Grafana has it.
	// Source: AWS::Grafana::Workspace, SamlConfiguration, LoginValidityDuration.
	LoginValidity awscdk.Duration
}

// Limits of AWS::Grafana::Workspace.
const (
	maxDescription    = 2048
	maxMetadataURL    = 2048
	maxSamlText       = 256
	maxNetworkSources = 5
	minSubnets        = 2
	maxSubnets        = 6
	maxSecurityGroups = 5
)

var (
	workspaceName  = regexp.MustCompile(`^[a-zA-Z0-9._~-]{1,255}$`)
	grafanaVersion = regexp.MustCompile(`^[0-9]+\.[0-9]+$`)
	metadataURL    = regexp.MustCompile(`^https?://[^\s]+$`)
)

// Workspace is an Amazon Managed Grafana workspace.
type Workspace struct {
	awscdk.Resource
	cfn        awsgrafana.CfnWorkspace
	role       awsiam.IRole
	workspaces []amp.IWorkspace
	version    *string
	dashboards string // the folder, from where the app runs
}

// NewWorkspace adds an AWS::Grafana::Workspace to scope, with a role, unless one is given, and, where Vpc is set without
// SecurityGroups, with a security group. The role is granted aps:QueryMetrics, aps:GetSeries, aps:GetLabels and aps:GetMetricMetadata on the AMP
// workspaces: what a data source needs that is set up with its URL. To list workspaces in the console of Grafana, add
// aps:ListWorkspaces, which can be granted on all of an account only. It panics when scope or id is missing or a prop is
// wrong, with every error in the message, before it has built anything.
func NewWorkspace(scope constructs.Construct, id *string, props *WorkspaceProps) *Workspace {
	if props == nil {
		props = &WorkspaceProps{}
	}
	var subnets *[]*string
	input.Must("NewWorkspace", scope, id, func(f *input.Faults) { subnets = props.validate(f) })
	w := &Workspace{role: props.Role, workspaces: slices.Clone(*props.Workspaces), version: props.GrafanaVersion, dashboards: defaultDashboardsPath}
	awscdk.NewResource_Override(w, scope, id, nil)
	if props.Dashboards != nil {
		w.writeDashboards(*props.Dashboards)
	}
	if w.role == nil {
		w.role = newRole(w)
	}
	for _, workspace := range w.workspaces {
		workspace.GrantQuery(w.role)
	}
	w.cfn = awsgrafana.NewCfnWorkspace(w, jsii.String("Resource"), &awsgrafana.CfnWorkspaceProps{
		AccountAccessType:       jsii.String("CURRENT_ACCOUNT"),
		PermissionType:          jsii.String("CUSTOMER_MANAGED"), // the only one that CloudFormation can make
		AuthenticationProviders: props.authenticationProviders(),
		Name:                    props.Name,
		Description:             props.Description,
		RoleArn:                 w.role.RoleArn(),
		GrafanaVersion:          props.GrafanaVersion,
		PluginAdminEnabled:      anyBool(props.PluginAdmin),
		SamlConfiguration:       props.Saml.configuration(),
		NetworkAccessControl:    props.networkAccess(),
		VpcConfiguration:        props.vpcConfiguration(w, subnets),
	})
	removal := props.RemovalPolicy
	if removal == "" {
		removal = awscdk.RemovalPolicy_RETAIN
	}
	w.cfn.ApplyRemovalPolicy(removal, nil)
	if !props.identityCenter() && props.Saml.AdminRoles == nil {
		input.Warn(w, "grafanaWithoutAdmin",
			"Saml.AdminRoles is not set and IdentityCenter is off: nobody can administer the workspace; name the values of the role attribute that make an administrator")
	}
	return w
}

// writeDashboards writes them beside the template.
func (w *Workspace) writeDashboards(options dashboards.Options) {
	stack := awscdk.Stack_Of(w)
	w.dashboards = filepath.Join(*awscdk.Stage_Of(w).Outdir(), *stack.ArtifactId()+"-dashboards")
	if err := dashboards.Write(w.dashboards, options); err != nil {
		panic(fmt.Sprintf("%s: %v", *w.Node().Path(), err)) // the options are valid: the folder cannot be written
	}
	if here, err := os.Getwd(); err == nil {
		if short, err := filepath.Rel(here, w.dashboards); err == nil {
			w.dashboards = short
		}
	}
}

// newRole trusts Grafana workspaces of this account and region. It cannot name the one: that refers to the role.
func newRole(w *Workspace) awsiam.IRole {
	stack := awscdk.Stack_Of(w)
	return awsiam.NewRole(w, jsii.String("Role"), &awsiam.RoleProps{
		Description: jsii.String("Amazon Managed Grafana queries AMP with it"),
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("grafana.amazonaws.com"), &awsiam.ServicePrincipalOpts{
			Conditions: &map[string]interface{}{
				"StringEquals": map[string]interface{}{"aws:SourceAccount": stack.Account()},
				"StringLike": map[string]interface{}{"aws:SourceArn": stack.FormatArn(&awscdk.ArnComponents{
					Service: jsii.String("grafana"), Resource: jsii.String("workspaces"), ResourceName: jsii.String("*"),
					ArnFormat: awscdk.ArnFormat_SLASH_RESOURCE_SLASH_RESOURCE_NAME,
				})},
			},
		}),
	})
}

// WorkspaceId is the id of the workspace; it starts with g-.
func (w *Workspace) WorkspaceId() *string { return w.cfn.AttrId() }

// Url is where users find the workspace.
func (w *Workspace) Url() *string { return jsii.String("https://" + *w.cfn.AttrEndpoint()) }

// Role is what the workspace queries with.
func (w *Workspace) Role() awsiam.IRole { return w.role }

func (p *WorkspaceProps) identityCenter() bool {
	if p.IdentityCenter != nil {
		return *p.IdentityCenter
	}
	return p.Saml == nil
}

func (p *WorkspaceProps) authenticationProviders() *[]*string {
	var providers []*string
	if p.identityCenter() {
		providers = append(providers, jsii.String("AWS_SSO"))
	}
	if p.Saml != nil {
		providers = append(providers, jsii.String("SAML"))
	}
	return &providers
}

// configuration is nil where there is no SAML.
func (s *SamlProps) configuration() interface{} {
	if s == nil {
		return nil
	}
	c := &awsgrafana.CfnWorkspace_SamlConfigurationProperty{
		IdpMetadata:          &awsgrafana.CfnWorkspace_IdpMetadataProperty{Url: s.IdpMetadataUrl, Xml: s.IdpMetadataXml},
		AllowedOrganizations: s.AllowedOrganizations,
	}
	attributes := awsgrafana.CfnWorkspace_AssertionAttributesProperty{
		Email: s.EmailAttribute, Groups: s.GroupsAttribute, Login: s.LoginAttribute, Name: s.NameAttribute, Org: s.OrgAttribute, Role: s.RoleAttribute,
	}
	if attributes != (awsgrafana.CfnWorkspace_AssertionAttributesProperty{}) {
		c.AssertionAttributes = &attributes
	}
	if s.AdminRoles != nil || s.EditorRoles != nil {
		c.RoleValues = &awsgrafana.CfnWorkspace_RoleValuesProperty{Admin: s.AdminRoles, Editor: s.EditorRoles}
	}
	if s.LoginValidity != nil {
		c.LoginValidityDuration = s.LoginValidity.ToMinutes(nil)
	}
	return c
}

// networkAccess always has both lists: AWS requires them, and an empty one lets nothing of its kind in.
func (p *WorkspaceProps) networkAccess() interface{} {
	if p.AllowedPrefixLists == nil && p.AllowedVpcEndpoints == nil {
		return nil
	}
	return &awsgrafana.CfnWorkspace_NetworkAccessControlProperty{
		PrefixListIds: ids(p.AllowedPrefixLists, awsec2.IPrefixList.PrefixListId),
		VpceIds:       ids(p.AllowedVpcEndpoints, awsec2.IInterfaceVpcEndpoint.VpcEndpointId),
	}
}

func (p *WorkspaceProps) vpcConfiguration(w *Workspace, subnets *[]*string) interface{} {
	if p.Vpc == nil {
		return nil
	}
	groups := p.SecurityGroups
	if groups == nil {
		groups = &[]awsec2.ISecurityGroup{awsec2.NewSecurityGroup(w, jsii.String("SecurityGroup"), &awsec2.SecurityGroupProps{
			Vpc: p.Vpc, Description: jsii.String("Amazon Managed Grafana to its data sources"),
		})}
	}
	return &awsgrafana.CfnWorkspace_VpcConfigurationProperty{
		SubnetIds: subnets, SecurityGroupIds: ids(groups, awsec2.ISecurityGroup.SecurityGroupId),
	}
}

func ids[T any](list *[]T, id func(T) *string) *[]*string {
	r := []*string{}
	if list != nil {
		for _, e := range *list {
			r = append(r, id(e))
		}
	}
	return &r
}

// anyBool is nil where b is, which a nil pointer in an interface is not.
func anyBool(b *bool) interface{} {
	if b == nil {
		return nil
	}
	return b
}

// major is the major version, or 0 where it is not known.
func major(version *string) (n int) {
	if input.Known(version) && grafanaVersion.MatchString(*version) {
		fmt.Sscanf(*version, "%d.", &n)
	}
	return n
}

// lines puts a script together.
func lines(l ...string) string { return strings.Join(l, "\n") + "\n" }
