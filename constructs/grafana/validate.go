package grafana

import (
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// faults collects what is wrong with the arguments of one call, to be reported together.
type faults []string

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// must panics with everything that is wrong with the arguments of a constructor, before anything is built.
func must(constructor string, scope constructs.Construct, id *string, validate func(*faults)) {
	var f faults
	where := constructor
	if scope == nil {
		f.add("scope is nil; pass the stack or construct to build in")
	}
	if id == nil || *id == "" {
		f.add("id is empty; pass a name that is unique in its scope")
	} else if scope != nil {
		where = strings.TrimPrefix(*scope.Node().Path()+"/"+*id, "/") + ": " + constructor
	}
	validate(&f)
	switch len(f) {
	case 0:
	case 1:
		panic(where + ": " + f[0])
	default:
		panic(fmt.Sprintf("%s: %d faults:\n  - %s", where, len(f), strings.Join(f, "\n  - ")))
	}
}

// known says whether s is set, and not a token.
func known(s *string) bool { return s != nil && !*awscdk.Token_IsUnresolved(s) }

// validate reports what is wrong, and gives the ids of the subnets to connect from.
func (p *WorkspaceProps) validate(f *faults) (subnets *[]*string) {
	if p.Workspaces == nil || len(*p.Workspaces) == 0 {
		f.add("Workspaces is empty; give the AMP workspaces that Grafana may query")
	}
	eachSet(f, "Workspaces", p.Workspaces)
	if known(p.Name) && !workspaceName.MatchString(*p.Name) {
		f.add("Name is %q; it must be 1 to 255 letters, digits, dots, dashes, underscores and tildes", *p.Name)
	}
	if d := p.Description; known(d) && utf8.RuneCountInString(*d) > maxDescription {
		f.add("Description has %d characters; Amazon Managed Grafana takes at most %d", utf8.RuneCountInString(*d), maxDescription)
	}
	if !p.identityCenter() && p.Saml == nil {
		f.add("IdentityCenter is off and Saml is not set, so nobody could sign in; use one of them")
	}
	if v := p.GrafanaVersion; known(v) && !grafanaVersion.MatchString(*v) {
		f.add("GrafanaVersion is %q; it must be a major and a minor version, such as 12.4; aws grafana list-versions lists those on offer", *v)
	}
	if n := major(p.GrafanaVersion); p.PluginAdmin != nil && n > 0 && n < 9 {
		f.add("PluginAdmin is set, but GrafanaVersion is %s; use version 9 or newer, or leave it out", *p.GrafanaVersion)
	}
	if p.Saml != nil {
		p.Saml.validate(f)
	}
	if n := p.NetworkAccess; n != nil {
		lists, endpoints := eachSet(f, "NetworkAccess.PrefixLists", n.PrefixLists), eachSet(f, "NetworkAccess.VpcEndpoints", n.VpcEndpoints)
		if lists+endpoints == 0 {
			f.add("NetworkAccess has neither a prefix list nor a VPC endpoint, so that nobody could connect; name at least one, or leave it out")
		}
		f.atMost("NetworkAccess.PrefixLists", lists, maxNetworkSources)
		f.atMost("NetworkAccess.VpcEndpoints", endpoints, maxNetworkSources)
	}
	if p.Vpc != nil {
		return p.Vpc.validate(f)
	}
	return nil
}

func (s *SamlProps) validate(f *faults) {
	switch {
	case s.IdpMetadataUrl != nil && s.IdpMetadataXml != nil:
		f.add("Saml has IdpMetadataUrl and IdpMetadataXml; keep one of them")
	case s.IdpMetadataUrl == nil && s.IdpMetadataXml == nil:
		f.add("Saml has no metadata of the identity provider; give IdpMetadataUrl or IdpMetadataXml")
	}
	if u := s.IdpMetadataUrl; known(u) && (!metadataURL.MatchString(*u) || len(*u) > maxMetadataURL) {
		f.add("Saml.IdpMetadataUrl is %q; it must be an http or https address of at most %d characters", *u, maxMetadataURL)
	}
	if x := s.IdpMetadataXml; known(x) && !strings.HasPrefix(strings.TrimSpace(*x), "<") {
		f.add("Saml.IdpMetadataXml starts with %.20q; it must be an XML document", *x)
	}
	texts := func(where string, list *[]*string) {
		if list == nil {
			return
		}
		if len(*list) == 0 {
			f.add("Saml.%s is empty; name a value, or leave it out", where)
		}
		for i, v := range *list {
			f.samlText(fmt.Sprintf("Saml.%s[%d]", where, i), v, true)
		}
	}
	texts("AdminRoles", s.AdminRoles)
	texts("EditorRoles", s.EditorRoles)
	texts("AllowedOrganizations", s.AllowedOrganizations)
	a := s.AssertionAttributes
	if a == nil {
		a = &AssertionAttributes{}
	}
	for _, attribute := range []struct {
		name  string
		value *string
	}{{"Email", a.Email}, {"Groups", a.Groups}, {"Login", a.Login}, {"Name", a.Name}, {"Org", a.Org}, {"Role", a.Role}} {
		f.samlText("Saml.AssertionAttributes."+attribute.name, attribute.value, false)
	}
	if (s.AdminRoles != nil || s.EditorRoles != nil) && a.Role == nil {
		f.add("Saml has AdminRoles or EditorRoles, but no AssertionAttributes.Role; name the attribute that holds a user's roles")
	}
	if s.AllowedOrganizations != nil && a.Org == nil {
		f.add("Saml has AllowedOrganizations, but no AssertionAttributes.Org; name the attribute that holds a user's organization")
	}
	switch d := s.LoginValidity; {
	case d == nil:
	case *d.IsUnresolved():
		if *d.UnitLabel() != "minutes" {
			f.add("Saml.LoginValidity is a token counted in %s; a token must be counted in minutes", *d.UnitLabel())
		}
	default:
		if n := *d.ToMinutes(&awscdk.TimeConversionOptions{Integral: jsii.Bool(false)}); n < 1 || n != float64(int64(n)) {
			f.add("Saml.LoginValidity is %v minutes; it must be a whole number of minutes, at least 1", n)
		}
	}
}

func (f *faults) samlText(where string, s *string, required bool) {
	switch {
	case s == nil && !required:
	case s == nil:
		f.add("%s is nil; remove it or give a value", where)
	case known(s) && (*s == "" || utf8.RuneCountInString(*s) > maxSamlText):
		f.add("%s has %d characters; it must be 1 to %d", where, utf8.RuneCountInString(*s), maxSamlText)
	}
}

func (v *VpcProps) validate(f *faults) (subnets *[]*string) {
	groups := eachSet(f, "Vpc.SecurityGroups", v.SecurityGroups)
	if v.SecurityGroups != nil && groups == 0 {
		f.add("Vpc.SecurityGroups is empty; name at least one, or leave it out for a new one")
	}
	f.atMost("Vpc.SecurityGroups", groups, maxSecurityGroups)
	if v.Vpc == nil {
		f.add("Vpc.Vpc is not set; give the VPC to connect through")
		return nil
	}
	defer func() {
		// awscdk panics where a selection matches no subnet of a VPC that it knows.
		if r := recover(); r != nil {
			f.add("Vpc.Subnets cannot be selected: %v", r)
		}
	}()
	selected := v.Vpc.SelectSubnets(v.Subnets).SubnetIds
	if n := len(*selected); !*awscdk.Token_IsUnresolved(selected) && (n < minSubnets || n > maxSubnets) {
		f.add("Vpc.Subnets selects %d subnets; it must be %d to %d", n, minSubnets, maxSubnets)
	}
	return selected
}

func (f *faults) atMost(where string, n, most int) {
	if n > most {
		f.add("%s has %d elements; Amazon Managed Grafana takes at most %d", where, n, most)
	}
}

// eachSet reports elements that are nil, and counts all.
func eachSet[T any](f *faults, where string, list *[]T) int {
	if list == nil {
		return 0
	}
	for i, e := range *list {
		if v := reflect.ValueOf(e); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
			f.add("%s[%d] is nil; remove it", where, i)
		}
	}
	return len(*list)
}
