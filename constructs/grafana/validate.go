package grafana

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// validate reports what is wrong, and gives the ids of the subnets to connect from.
func (p *WorkspaceProps) validate(f *input.Faults) (subnets *[]*string) {
	if p.Workspaces == nil || len(*p.Workspaces) == 0 {
		f.Add("Workspaces is empty; give the AMP workspaces that Grafana may query")
	}
	eachSet(f, "Workspaces", p.Workspaces)
	if input.Known(p.Name) && !workspaceName.MatchString(*p.Name) {
		f.Add("Name is %q; it must be 1 to 255 letters, digits, dots, dashes, underscores and tildes", *p.Name)
	}
	if d := p.Description; input.Known(d) && utf8.RuneCountInString(*d) > maxDescription {
		f.Add("Description has %d characters; Amazon Managed Grafana takes at most %d", utf8.RuneCountInString(*d), maxDescription)
	}
	if !p.identityCenter() && p.Saml == nil {
		f.Add("IdentityCenter is off and Saml is not set, so nobody could sign in; use one of them")
	}
	if v := p.GrafanaVersion; input.Known(v) && !grafanaVersion.MatchString(*v) {
		f.Add("GrafanaVersion is %q; it must be a major and a minor version, such as 12.4; aws grafana list-versions lists those on offer", *v)
	}
	if n := major(p.GrafanaVersion); p.PluginAdmin != nil && n > 0 && n < 9 {
		f.Add("PluginAdmin is set, but GrafanaVersion is %s; use version 9 or newer, or leave it out", *p.GrafanaVersion)
	}
	if p.Saml != nil {
		p.Saml.validate(f)
	}
	lists, endpoints := eachSet(f, "AllowedPrefixLists", p.AllowedPrefixLists), eachSet(f, "AllowedVpcEndpoints", p.AllowedVpcEndpoints)
	if lists+endpoints == 0 && (p.AllowedPrefixLists != nil || p.AllowedVpcEndpoints != nil) {
		f.Add("AllowedPrefixLists and AllowedVpcEndpoints are empty, so that nobody could connect; name at least one, or leave both out")
	}
	atMost(f, "AllowedPrefixLists", lists, maxNetworkSources)
	atMost(f, "AllowedVpcEndpoints", endpoints, maxNetworkSources)
	if p.Dashboards != nil {
		f.AddError("Dashboards", p.Dashboards.Validate())
	}
	return p.validateVpc(f)
}

func (s *SamlProps) validate(f *input.Faults) {
	switch {
	case s.IdpMetadataUrl != nil && s.IdpMetadataXml != nil:
		f.Add("Saml has IdpMetadataUrl and IdpMetadataXml; keep one of them")
	case s.IdpMetadataUrl == nil && s.IdpMetadataXml == nil:
		f.Add("Saml has no metadata of the identity provider; give IdpMetadataUrl or IdpMetadataXml")
	}
	if u := s.IdpMetadataUrl; input.Known(u) && (!metadataURL.MatchString(*u) || len(*u) > maxMetadataURL) {
		f.Add("Saml.IdpMetadataUrl is %q; it must be an http or https address of at most %d characters", *u, maxMetadataURL)
	}
	if x := s.IdpMetadataXml; input.Known(x) && !strings.HasPrefix(strings.TrimSpace(*x), "<") {
		f.Add("Saml.IdpMetadataXml starts with %.20q; it must be an XML document", *x)
	}
	texts := func(where string, list *[]*string) {
		if list == nil {
			return
		}
		if len(*list) == 0 {
			f.Add("Saml.%s is empty; name a value, or leave it out", where)
		}
		for i, v := range *list {
			samlText(f, fmt.Sprintf("Saml.%s[%d]", where, i), v, true)
		}
	}
	texts("AdminRoles", s.AdminRoles)
	texts("EditorRoles", s.EditorRoles)
	texts("AllowedOrganizations", s.AllowedOrganizations)
	for _, attribute := range []struct {
		name  string
		value *string
	}{{"Email", s.EmailAttribute}, {"Groups", s.GroupsAttribute}, {"Login", s.LoginAttribute}, {"Name", s.NameAttribute}, {"Org", s.OrgAttribute}, {"Role", s.RoleAttribute}} {
		samlText(f, "Saml."+attribute.name+"Attribute", attribute.value, false)
	}
	if (s.AdminRoles != nil || s.EditorRoles != nil) && s.RoleAttribute == nil {
		f.Add("Saml has AdminRoles or EditorRoles, but no RoleAttribute; name the attribute that holds a user's roles")
	}
	if s.AllowedOrganizations != nil && s.OrgAttribute == nil {
		f.Add("Saml has AllowedOrganizations, but no OrgAttribute; name the attribute that holds a user's organization")
	}
	f.DurationIn("Saml.LoginValidity", s.LoginValidity, "minutes", 1, math.Inf(1), "")
}

func samlText(f *input.Faults, where string, s *string, required bool) {
	switch {
	case s == nil && !required:
	case s == nil:
		f.Add("%s is nil; remove it or give a value", where)
	case input.Known(s) && (*s == "" || utf8.RuneCountInString(*s) > maxSamlText):
		f.Add("%s has %d characters; it must be 1 to %d", where, utf8.RuneCountInString(*s), maxSamlText)
	}
}

// validateVpc gives the ids of the subnets to connect from.
func (p *WorkspaceProps) validateVpc(f *input.Faults) (subnets *[]*string) {
	groups := eachSet(f, "SecurityGroups", p.SecurityGroups)
	if p.SecurityGroups != nil && groups == 0 {
		f.Add("SecurityGroups is empty; name at least one, or leave it out for a new one")
	}
	atMost(f, "SecurityGroups", groups, maxSecurityGroups)
	if p.Vpc == nil {
		if p.VpcSubnets != nil || p.SecurityGroups != nil {
			f.Add("VpcSubnets or SecurityGroups is set without Vpc; set the VPC to connect through, or leave them out")
		}
		return nil
	}
	defer func() {
		// awscdk panics where a selection matches no subnet of a VPC that it knows.
		if r := recover(); r != nil {
			f.Add("VpcSubnets cannot be selected: %v", r)
		}
	}()
	selected := p.Vpc.SelectSubnets(p.VpcSubnets).SubnetIds
	if n := len(*selected); !*awscdk.Token_IsUnresolved(selected) && (n < minSubnets || n > maxSubnets) {
		f.Add("VpcSubnets selects %d subnets; it must be %d to %d", n, minSubnets, maxSubnets)
	}
	return selected
}

func atMost(f *input.Faults, where string, n, most int) {
	if n > most {
		f.Add("%s has %d elements; Amazon Managed Grafana takes at most %d", where, n, most)
	}
}

// eachSet reports elements that are nil, and counts all.
func eachSet[T any](f *input.Faults, where string, list *[]T) int {
	if list == nil {
		return 0
	}
	for i, e := range *list {
		if v := reflect.ValueOf(e); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
			f.Add("%s[%d] is nil; remove it", where, i)
		}
	}
	return len(*list)
}
