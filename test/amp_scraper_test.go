package test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

const scrapeConfiguration = `global:
  scrape_interval: 60s
  external_labels: {team: shop}
scrape_configs:
  - job_name: orders
    scrape_timeout: 10s
    dns_sd_configs:
      - {names: [orders.shop.local], type: A, port: 8080}
    metric_relabel_configs:
      - {source_labels: [__name__], regex: go_.*, action: drop}
`

func vpcIn(stack awscdk.Stack) awsec2.Vpc {
	return awsec2.NewVpc(stack, jsii.String("Vpc"), &awsec2.VpcProps{MaxAzs: jsii.Number(2), RestrictDefaultSecurityGroup: jsii.Bool(false)})
}

func TestScraperOfAVpc(t *testing.T) {
	stack := newStack(t)
	w := newWorkspace(stack, nil)
	s := amp.NewScraper(stack, jsii.String("Scraper"), &amp.ScraperProps{Workspace: w, Vpc: vpcIn(stack), Configuration: jsii.String(scrapeConfiguration)})
	assertNoWarnings(t, s)
	if s.SecurityGroup() == nil || s.ScraperArn() == nil || s.ScraperId() == nil || s.RoleArn() == nil {
		t.Error("something is missing")
	}
	tmpl := synth(t, stack)
	assertJSON(t, "scraper", tmpl.one("AWS::APS::Scraper"), `{
		"Destination":{"AmpConfiguration":{"WorkspaceArn":{"Fn::GetAtt":["Workspace2F8C78CC","Arn"]}}},
		"ScrapeConfiguration":{"ConfigurationBlob":{"Fn::Base64":`+asJSON(scrapeConfiguration)+`}},
		"Source":{"VpcConfiguration":{
			"SecurityGroupIds":[{"Fn::GetAtt":["ScraperSecurityGroupA7962B50","GroupId"]}],
			"SubnetIds":[{"Ref":"VpcPrivateSubnet1Subnet536B997A"},{"Ref":"VpcPrivateSubnet2Subnet3788AAA1"}]}}}`)
	if groups := tmpl.all("AWS::Logs::LogGroup"); len(groups) != 0 {
		t.Error("there are logs that nobody asked for")
	}
}

func TestScraperWithEverything(t *testing.T) {
	stack := newStackIn(newApp(t), "Stack", home, "eu-west-1")
	there := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Workspace"), jsii.String("arn:aws:aps:eu-west-1:444455556666:workspace/ws-1"))
	vpc := vpcIn(stack)
	role := func(id, account string) awsiam.IRole {
		return awsiam.Role_FromRoleArn(stack, &id, jsii.String("arn:aws:iam::"+account+":role/"+id), nil)
	}
	s := amp.NewScraper(stack, jsii.String("Scraper"), &amp.ScraperProps{
		Workspace: there, Vpc: vpc, Subnets: &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PUBLIC}, Alias: jsii.String("shop.eks-1"),
		EksClusterArn: jsii.String("arn:aws:eks:eu-west-1:" + home + ":cluster/shop"),
		Configuration: jsii.String("scrape_configs: [{job_name: pods, kubernetes_sd_configs: [{role: pod}], honor_labels: true, sample_limit: 5}]"),
		UncheckedKeys: jsii.Strings("sample_limit"), OpenSearchDomainArns: jsii.Strings("arn:aws:es:eu-west-1:" + home + ":domain/logs"),
		Roles: &amp.ScraperRoles{Source: role("source", home), Target: role("target", "444455556666")},
		Logging: &amp.ScraperLoggingProps{
			LoggingProps: amp.LoggingProps{Retention: awslogs.RetentionDays_ONE_WEEK}, Components: &[]amp.ScraperComponent{amp.ScraperCollector, amp.ScraperExporter},
			Options: &map[amp.ScraperComponent]*map[string]*string{amp.ScraperCollector: {"level": jsii.String("debug")}},
		},
	})
	if s.SecurityGroup() != nil {
		t.Error("the cluster's security group is not known")
	}
	tmpl := synth(t, stack)
	scraper := tmpl.one("AWS::APS::Scraper")
	assertContains(t, asJSON(scraper), `"Alias":"shop.eks-1"`, `"EksConfiguration":{"ClusterArn":"arn:aws:eks:eu-west-1:`+home+`:cluster/shop","SubnetIds":[{"Ref":"VpcPublicSubnet1Subnet5C2D37C4"},`,
		`"RoleConfiguration":{"SourceRoleArn":"arn:aws:iam::`+home+`:role/source","TargetRoleArn":"arn:aws:iam::444455556666:role/target"}`,
		`"Exporters":[{"OpenSearchConfiguration":{"DomainArn":"arn:aws:es:eu-west-1:`+home+`:domain/logs"}}]`,
		`"ScraperComponents":[{"Config":{"Options":{"level":"debug"}},"Type":"COLLECTOR"},{"Type":"EXPORTER"}]`, `"LoggingDestination":{"CloudWatchLogs":{"LogGroupArn":{"Fn::GetAtt":["ScraperLogs`)
	group := tmpl.one("AWS::Logs::LogGroup")
	if name := group["LogGroupName"].(string); !strings.HasPrefix(name, "/aws/vendedlogs/prometheus/") || group["RetentionInDays"] != 7.0 {
		t.Errorf("%s", asJSON(group))
	}

	// All components log without a list of them, to a group and with security groups that are given.
	stack = newStack(t)
	vpc = vpcIn(stack)
	sg := awsec2.NewSecurityGroup(stack, jsii.String("Group"), &awsec2.SecurityGroupProps{Vpc: vpc})
	s = amp.NewScraper(stack, jsii.String("Scraper"), &amp.ScraperProps{
		Workspace: newWorkspace(stack, nil), Vpc: vpc, SecurityGroups: &[]awsec2.ISecurityGroup{sg}, Configuration: jsii.String(scrapeConfiguration),
		Logging: &amp.ScraperLoggingProps{LoggingProps: amp.LoggingProps{LogGroup: awslogs.NewLogGroup(stack, jsii.String("Logs"), &awslogs.LogGroupProps{LogGroupName: jsii.String("/aws/vendedlogs/mine")})}},
	})
	if s.SecurityGroup() != awsec2.ISecurityGroup(sg) {
		t.Error("the security group is not the one that was given")
	}
	assertContains(t, asJSON(synth(t, stack).one("AWS::APS::Scraper")), `"ScraperComponents":[{"Type":"SERVICE_DISCOVERY"},{"Type":"COLLECTOR"},{"Type":"EXPORTER"}]`,
		`"SecurityGroupIds":[{"Fn::GetAtt":["Group`)
}

func TestScraperWarnsOfAWorkspaceWithAKey(t *testing.T) {
	stack := newStack(t)
	w := newWorkspace(stack, &amp.WorkspaceProps{EncryptionKey: awskms.NewKey(stack, jsii.String("Key"), nil)})
	s := amp.NewScraper(stack, jsii.String("Scraper"), &amp.ScraperProps{Workspace: w, Vpc: vpcIn(stack), Configuration: jsii.String(scrapeConfiguration)})
	assertWarned(t, s, "encryptedWorkspace", "an old page of AWS says")
}

func TestScraperRejections(t *testing.T) {
	stack := newStackIn(newApp(t), "Stack", home, "eu-west-1")
	w := newWorkspace(stack, nil)
	vpc := vpcIn(stack)
	elsewhere := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Elsewhere"), jsii.String("arn:aws:aps:eu-west-1:444455556666:workspace/ws-1"))
	role := awsiam.Role_FromRoleArn(stack, jsii.String("Role"), jsii.String("arn:aws:iam::"+home+":role/a"), nil)
	job := func(keys string) func(*amp.ScraperProps) {
		return func(p *amp.ScraperProps) {
			p.Configuration = jsii.String("scrape_configs: [{job_name: a, static_configs: [{targets: [a:1]}], " + keys + "}]")
		}
	}
	configuration := func(text string) func(*amp.ScraperProps) {
		return func(p *amp.ScraperProps) { p.Configuration = &text }
	}
	for name, tc := range map[string]struct {
		change func(*amp.ScraperProps)
		want   []string
	}{
		"nothing":         {func(p *amp.ScraperProps) { *p = amp.ScraperProps{} }, []string{"3 errors", "Workspace is not set", "Configuration is empty", "Vpc is not set"}},
		"another account": {func(p *amp.ScraperProps) { p.Workspace = elsewhere }, []string{"is in account 444455556666, the scraper in " + home + "; give Roles"}},
		"one role":        {func(p *amp.ScraperProps) { p.Roles = &amp.ScraperRoles{Source: role} }, []string{"Roles needs both Source and Target"}},
		"alias":           {func(p *amp.ScraperProps) { p.Alias = jsii.String("a b") }, []string{`Alias is "a b"; it must have 1 to 100 letters`}},
		"one subnet": {func(p *amp.ScraperProps) {
			p.Subnets = &awsec2.SubnetSelection{AvailabilityZones: &[]*string{(*vpc.AvailabilityZones())[0]}, SubnetType: awsec2.SubnetType_PUBLIC}
		}, []string{"Subnets selects 1 subnets of the VPC; a scraper needs 2 at least"}},
		"no groups":     {func(p *amp.ScraperProps) { p.SecurityGroups = &[]awsec2.ISecurityGroup{} }, []string{"SecurityGroups has 0 security groups"}},
		"nil group":     {func(p *amp.ScraperProps) { p.SecurityGroups = &[]awsec2.ISecurityGroup{nil} }, []string{"or one that is nil; give 1 to 5"}},
		"domain":        {func(p *amp.ScraperProps) { p.OpenSearchDomainArns = jsii.Strings("") }, []string{"OpenSearchDomainArns[0] is empty"}},
		"no components": {func(p *amp.ScraperProps) { p.Logging = &amp.ScraperLoggingProps{Components: &[]amp.ScraperComponent{}} }, []string{"Logging.Components is empty"}},
		"component": {func(p *amp.ScraperProps) {
			p.Logging = &amp.ScraperLoggingProps{Components: &[]amp.ScraperComponent{"A", amp.ScraperCollector, amp.ScraperCollector}}
		}, []string{`Logging.Components[0] is "A"; it must be`, `Logging.Components[2] is "COLLECTOR", which is named twice`}},
		"options": {func(p *amp.ScraperProps) {
			p.Logging = &amp.ScraperLoggingProps{Components: &[]amp.ScraperComponent{amp.ScraperCollector}, Options: &map[amp.ScraperComponent]*map[string]*string{
				amp.ScraperExporter: {"a": jsii.String("b")}, amp.ScraperCollector: {"a-b": jsii.String("c")},
			}}
		}, []string{`Logging.Options has "EXPORTER", which is no component that logs`, `Logging.Options["COLLECTOR"] has the name "a-b"`}},
		"logs twice": {func(p *amp.ScraperProps) {
			p.Logging = &amp.ScraperLoggingProps{LoggingProps: amp.LoggingProps{LogGroup: awslogs.LogGroup_FromLogGroupName(stack, jsii.String("L"), jsii.String("l")), Retention: awslogs.RetentionDays_ONE_DAY}}
		}, []string{"Logging.LogGroup and Retention are both set"}},
		"no YAML":       {configuration("a: ["), []string{"Configuration is not YAML"}},
		"no mapping":    {configuration("[a]"), []string{"Configuration is not a mapping", "Configuration has no scrape_configs"}},
		"no jobs":       {configuration("scrape_configs: []"), []string{"Configuration has no scrape_configs; list at least one job"}},
		"section":       {configuration("remote_write: []\nscrape_configs: [{job_name: a, static_configs: []}]"), []string{"Configuration: line 1 has remote_write, which is not supported; a managed collector has sections global, scrape_configs only"}},
		"global":        {configuration("global: {query_log_file: a, scrape_interval: 10s}\nscrape_configs: [{job_name: a, static_configs: []}]"), []string{"Configuration: global: line 1 has query_log_file, which is not supported", "Configuration: global: scrape_interval is 10s; a managed collector takes 30s at least"}},
		"key":           {job("file_sd_configs: [], sample_limit: 5"), []string{"scrape_configs[0] (a): line 1 has file_sd_configs, which is not supported", "has sample_limit, which is not supported", "name a key in UncheckedKeys"}},
		"key of EKS":    {job("kubernetes_sd_configs: []"), []string{"has kubernetes_sd_configs, which is not supported"}},
		"job":           {configuration("scrape_configs: [a, {static_configs: []}, {job_name: b}, {job_name: b, static_configs: []}]"), []string{"scrape_configs[0] is not a mapping", "scrape_configs[1] has no job_name", "scrape_configs[2] (b) finds no targets", `scrape_configs[3] has the job_name "b" of another job`}},
		"short":         {job("scrape_interval: 15s"), []string{"scrape_interval is 15s; a managed collector takes 30s at least"}},
		"long timeout":  {job("scrape_timeout: 2m"), []string{"scrape_timeout is 2m, longer than the interval of 1m"}},
		"no duration":   {job("scrape_interval: soon"), []string{`scrape_interval is "soon"; it must be a duration such as 30s`}},
		"scheme":        {job("scheme: ftp"), []string{`scheme is "ftp"; it must be http or https`}},
		"much too long": {configuration(scrapeConfiguration + "#" + strings.Repeat("a", 256<<10)), []string{"bytes; a managed collector takes at most 256 KB"}},
	} {
		t.Run(name, func(t *testing.T) {
			props := amp.ScraperProps{Workspace: w, Vpc: vpc, Configuration: jsii.String(scrapeConfiguration)}
			tc.change(&props)
			assertRefused(t, func() { amp.NewScraper(stack, jsii.String("Scraper"), &props) }, append(tc.want, "Stack/Scraper: NewScraper: ")...)
		})
	}
}

func TestAnomalyDetector(t *testing.T) {
	stack := newStack(t)
	w := newWorkspace(stack, nil)
	plain := amp.NewAnomalyDetector(stack, jsii.String("Plain"), &amp.AnomalyDetectorProps{Workspace: w, Query: jsii.String("sum(rate(orders_total[5m]))")})
	full := amp.NewAnomalyDetector(stack, jsii.String("Full"), &amp.AnomalyDetectorProps{
		Workspace: w, Query: jsii.String(`avg by (path) (rate(a{b=")"}[5m]))`), Alias: jsii.String("orders.1"), EvaluationInterval: seconds(30), SampleSize: jsii.Number(512), ShingleSize: jsii.Number(4),
		IgnoreNearExpectedFromAbove: &amp.NearExpected{Ratio: jsii.Number(0.1)}, IgnoreNearExpectedFromBelow: &amp.NearExpected{Amount: jsii.Number(5)},
		MissingData: amp.MissingDataAnomaly, Labels: &map[string]*string{"team": jsii.String("shop")},
	})
	skipping := amp.NewAnomalyDetector(stack, jsii.String("Skipping"), &amp.AnomalyDetectorProps{Workspace: w, Query: jsii.String("max(a)"), MissingData: amp.MissingDataSkip})
	amp.NewRuleGroupsNamespace(stack, jsii.String("Rules"), &amp.RuleGroupsNamespaceProps{Workspace: w, Groups: &[]*amp.RuleGroup{{
		Name: jsii.String("anomalies"), Rules: &[]amp.Rule{
			full.Alert(nil), plain.Alert(&amp.AnomalyAlertProps{Name: jsii.String("OrdersUnusual"), Score: jsii.Number(0.8), For: seconds(60), Labels: &map[string]*string{"severity": jsii.String("page")}}),
		},
	}}})
	assertNoWarnings(t, plain, full, skipping)
	tmpl := synth(t, stack)
	detectors := map[string]object{}
	for _, d := range tmpl.all("AWS::APS::AnomalyDetector") {
		detectors[plainText(d["Alias"])] = d
	}
	assertJSON(t, "plain", detectors["Stack-Plain-6F2C855A"], `{"Alias":"Stack-Plain-6F2C855A","Workspace":{"Fn::GetAtt":["Workspace2F8C78CC","Arn"]},"Configuration":{"RandomCutForest":{"Query":"sum(rate(orders_total[5m]))"}}}`)
	text := asJSON(tmpl.all("AWS::APS::AnomalyDetector"))
	assertContains(t, text, `"Alias":"orders.1"`, `"EvaluationIntervalInSeconds":30`, `"SampleSize":512`, `"ShingleSize":4`, `"IgnoreNearExpectedFromAbove":{"Ratio":0.1}`, `"IgnoreNearExpectedFromBelow":{"Amount":5}`,
		`"MissingDataAction":{"MarkAsAnomaly":true}`, `"MissingDataAction":{"Skip":true}`, `"Labels":[{"Key":"team","Value":"shop"}]`)
	rules := plainText(tmpl.one("AWS::APS::RuleGroupsNamespace")["Data"])
	assertContains(t, rules, "alert: Anomaly", `expr: max_over_time(anomaly_detector:score{alias="orders.1"}[1m]) > 0.5`,
		"alert: OrdersUnusual", `expr: max_over_time(anomaly_detector:score{alias="Stack-Plain-6F2C855A"}[2m]) > 0.8`, "for: 1m", "severity: page")
	if *full.Alias() != "orders.1" || full.AnomalyDetectorArn() == nil {
		t.Error("the alias or the ARN is missing")
	}
}

func TestAnomalyDetectorRejections(t *testing.T) {
	stack := newStackIn(newApp(t), "Stack", home, "eu-west-1")
	w := newWorkspace(stack, nil)
	elsewhere := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Elsewhere"), jsii.String("arn:aws:aps:eu-west-1:444455556666:workspace/ws-1"))
	query := func(text string) func(*amp.AnomalyDetectorProps) {
		return func(p *amp.AnomalyDetectorProps) { p.Query = &text }
	}
	for name, tc := range map[string]struct {
		change func(*amp.AnomalyDetectorProps)
		want   []string
	}{
		"nothing":         {func(p *amp.AnomalyDetectorProps) { *p = amp.AnomalyDetectorProps{} }, []string{"2 errors", "Workspace is not set", "Query: expr \"\": there is no expression"}},
		"another account": {func(p *amp.AnomalyDetectorProps) { p.Workspace = elsewhere }, []string{"put the anomaly detector in a stack of account 444455556666"}},
		"broken query":    {query("sum(a"), []string{"Query: expr \"sum(a\": ( is not closed"}},
		"plain query":     {query("rate(a[5m])"), []string{`Query is "rate(a[5m])", which is not wrapped in an aggregation as a whole`, "such as sum(rate(a[5m]))"}},
		"half wrapped":    {query("sum(a) / sum(b)"), []string{"is not wrapped in an aggregation as a whole"}},
		"topk":            {query("topk(5, a)"), []string{"is not wrapped"}},
		"a metric's name": {query("sum_of_all"), []string{"is not wrapped"}},
		"in a comment":    {query("a # sum(b)"), []string{"is not wrapped"}},
		"long query":      {query("sum(" + strings.Repeat("a", 8192) + ")"), []string{"Query has 8197 characters; AMP takes at most 8192"}},
		"further check": {func(p *amp.AnomalyDetectorProps) {
			p.CheckExpr = func(string) error { return errors.New("no") }
		}, []string{"Query: expr \"sum(a)\": no"}},
		"alias":        {func(p *amp.AnomalyDetectorProps) { p.Alias = jsii.String("-a") }, []string{`Alias is "-a"; it must have 1 to 64 letters`}},
		"interval":     {func(p *amp.AnomalyDetectorProps) { p.EvaluationInterval = seconds(10) }, []string{"EvaluationInterval is 10 seconds; it must be a whole number from 30 to 86400"}},
		"sizes":        {func(p *amp.AnomalyDetectorProps) { p.SampleSize, p.ShingleSize = jsii.Number(255), jsii.Number(1) }, []string{"SampleSize is 255; it must be a whole number from 256 to 1024", "ShingleSize is 1; it must be a whole number from 2 to 1024"}},
		"near nothing": {func(p *amp.AnomalyDetectorProps) { p.IgnoreNearExpectedFromAbove = &amp.NearExpected{} }, []string{"IgnoreNearExpectedFromAbove is empty"}},
		"near both": {func(p *amp.AnomalyDetectorProps) {
			p.IgnoreNearExpectedFromBelow = &amp.NearExpected{Amount: jsii.Number(1), Ratio: jsii.Number(1)}
		}, []string{"IgnoreNearExpectedFromBelow has Amount and Ratio, and AMP takes one of them"}},
		"near less": {func(p *amp.AnomalyDetectorProps) {
			p.IgnoreNearExpectedFromAbove = &amp.NearExpected{Ratio: jsii.Number(-1)}
		}, []string{"IgnoreNearExpectedFromAbove.Ratio is -1; it must be at least 0"}},
		"missing": {func(p *amp.AnomalyDetectorProps) { p.MissingData = "drop" }, []string{`MissingData is "drop"; it must be MissingDataSkip or MissingDataAnomaly`}},
		"labels": {func(p *amp.AnomalyDetectorProps) {
			p.Labels = &map[string]*string{"a-b": jsii.String("c"), "alias": jsii.String("d"), "e": jsii.String("")}
		}, []string{
			"Labels: \"a-b\"", "Labels: label alias is the detector's Alias", "Labels: label e has 0 characters; AMP takes 1 to 256",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			props := amp.AnomalyDetectorProps{Workspace: w, Query: jsii.String("sum(a)")}
			tc.change(&props)
			assertRefused(t, func() { amp.NewAnomalyDetector(stack, jsii.String("Detector"), &props) }, append(tc.want, "Stack/Detector: NewAnomalyDetector: ")...)
		})
	}
	d := amp.NewAnomalyDetector(stack, jsii.String("Good"), &amp.AnomalyDetectorProps{Workspace: w, Query: jsii.String("(\nsum(a) by (b) # the whole\n)")})
	for _, score := range []float64{-0.1, 1} {
		assertRefused(t, func() { d.Alert(&amp.AnomalyAlertProps{Score: &score}) }, "Stack/Good: Alert: Score is", "it must be at least 0 and less than 1")
	}
	for _, good := range []string{"sum(a)", "SUM BY (b) (a)", "quantile(0.9, a) without (c)", "((max(a)))", `count(a{b="\")"})`, "group(a or b)", "stddev (a)", "stdvar(a)", "min(a)", "avg(sum(a) / sum(b))"} {
		if message := panicOf(func() {
			amp.NewAnomalyDetector(newStack(t), jsii.String("D"), &amp.AnomalyDetectorProps{Workspace: w, Query: &good})
		}); message != "" {
			t.Errorf("%q is refused: %s", good, message)
		}
	}
}
