package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
)

// toTopics is a definition with one receiver and everything that a route can have.
func toTopics(topics ...awssns.ITopic) *amp.AlertManagerDefinition {
	receiver := &amp.AlertReceiver{Name: jsii.String("team"), Sns: &[]*amp.SnsReceiver{}}
	for _, topic := range topics {
		*receiver.Sns = append(*receiver.Sns, &amp.SnsReceiver{
			Topic: topic, Subject: jsii.String(`{{ .GroupLabels.alertname }}`), Message: jsii.String(`{{ range .Alerts }}{{ .Labels.job }}{{ end }}`),
			Attributes: labels("severity", "page"), SendResolved: jsii.Bool(false),
		})
	}
	return &amp.AlertManagerDefinition{
		Route: &amp.AlertRoute{
			Receiver: jsii.String("team"), GroupBy: &[]*string{jsii.String("alertname"), jsii.String("job")},
			GroupWait: seconds(30), GroupInterval: minutes(5), RepeatInterval: minutes(240),
			Routes: &[]*amp.AlertRoute{{
				Receiver: jsii.String("nobody"), Matchers: &[]*string{jsii.String(`severity="info"`), jsii.String(`job=~"test-.*"`)}, Continue: jsii.Bool(true),
			}},
		},
		Receivers: &[]*amp.AlertReceiver{receiver, {Name: jsii.String("nobody")}},
	}
}

// TestAlertManagerDefinitionMatchesGolden also writes the file that test/e2e gives to Alertmanager.
func TestAlertManagerDefinitionMatchesGolden(t *testing.T) {
	stack := homeStack(t)
	topic := awssns.Topic_FromTopicArn(stack, jsii.String("Topic"), jsii.String("arn:aws:sns:eu-west-1:"+home+":alerts"))
	newWorkspace(stack, &amp.WorkspaceProps{AlertManager: toTopics(topic)})
	assertGolden(t, "alertmanager/all.yaml", []byte(synth(t, stack).one("AWS::APS::Workspace")["AlertManagerDefinition"].(string)))
}

func TestAlertManagerMayPublishToItsTopics(t *testing.T) {
	stack := homeStack(t)
	key := awskms.NewKey(stack, jsii.String("Key"), nil)
	topic := awssns.NewTopic(stack, jsii.String("Topic"), &awssns.TopicProps{MasterKey: key})
	w := newWorkspace(stack, &amp.WorkspaceProps{AlertManager: toTopics(topic, topic)})
	tmpl := synth(t, stack)
	assertJSON(t, "topic", tmpl.one("AWS::SNS::TopicPolicy")["PolicyDocument"].(object)["Statement"], `[{"Sid":"0","Effect":"Allow",
		"Principal":{"Service":"aps.amazonaws.com"},"Action":["sns:GetTopicAttributes","sns:Publish"],"Resource":{"Ref":"TopicBFC7AF6E"},
		"Condition":{"ArnEquals":{"aws:SourceArn":`+asJSON(resolved(stack, w.WorkspaceArn()))+`},"StringEquals":{"aws:SourceAccount":"111122223333"}}}]`)
	statements := tmpl.one("AWS::KMS::Key")["KeyPolicy"].(object)["Statement"].([]any)
	assertJSON(t, "key", statements[len(statements)-1], `{"Effect":"Allow","Principal":{"Service":"aps.amazonaws.com"},"Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*"}`)
	assertNoWarnings(t, w)
}

// TestTopicOfAnotherStackDoesNotDependOnTheWorkspace: naming the workspace there would be a circle.
func TestTopicOfAnotherStackDoesNotDependOnTheWorkspace(t *testing.T) {
	app := newApp(t)
	topics := newStackIn(app, "Topics", home, "eu-west-1")
	topic := awssns.NewTopic(topics, jsii.String("Topic"), nil)
	stack := newStackIn(app, "Stack", home, "eu-west-1")
	newWorkspace(stack, &amp.WorkspaceProps{AlertManager: toTopics(topic)})
	synth(t, stack)
	statement := synth(t, topics).one("AWS::SNS::TopicPolicy")["PolicyDocument"].(object)["Statement"].([]any)[0].(object)
	assertJSON(t, "condition", statement["Condition"], `{"ArnLike":{"aws:SourceArn":"arn:aws:aps:eu-west-1:111122223333:workspace/*"},"StringEquals":{"aws:SourceAccount":"111122223333"}}`)
}

func TestImportedTopicWarnsWithTheStatement(t *testing.T) {
	stack := homeStack(t)
	topic := awssns.Topic_FromTopicAttributes(stack, jsii.String("Topic"), &awssns.TopicAttributes{
		TopicArn: jsii.String("arn:aws:sns:eu-west-1:" + home + ":alerts"), KeyArn: jsii.String("arn:aws:kms:eu-west-1:" + home + ":key/1"),
	})
	w := newWorkspace(stack, &amp.WorkspaceProps{AlertManager: toTopics(topic)})
	assertWarning(t, w, "topicNotChanged", `{"Action":["sns:GetTopicAttributes","sns:Publish"],"Effect":"Allow","Principal":{"Service":"aps.amazonaws.com"},
		"Resource":"arn:aws:sns:eu-west-1:111122223333:alerts","Condition":{"ArnEquals":{"aws:SourceArn":`+asJSON(resolved(stack, w.WorkspaceArn()))+`},"StringEquals":{"aws:SourceAccount":"111122223333"}}}`)
	assertWarning(t, w, "topicKeyNotChanged", `{"Action":["kms:Decrypt","kms:GenerateDataKey*"],"Effect":"Allow","Principal":{"Service":"aps.amazonaws.com"},"Resource":"*"}`)
}

func TestRepeatIntervalsThatAmpShortensDrawAWarning(t *testing.T) {
	stack := newStack(t)
	definition := toTopics(awssns.NewTopic(stack, jsii.String("Topic"), nil))
	definition.Route.RepeatInterval = seconds(30 * 24 * 3600)
	assertWarned(t, newWorkspace(stack, &amp.WorkspaceProps{AlertManager: definition}), "alertManager", "AlertManager.Route.RepeatInterval is 30d, but AMP sends notifications again after 5 days at most")
}

func TestAlertManagerYamlIsSentAsItIs(t *testing.T) {
	stack := newStack(t)
	text := strings.Join([]string{
		"template_files:", "  mine: |", `    {{ define "sns.default.subject" }}x{{ end }}`,
		"alertmanager_config: |", "  templates: [mine]", "  route:", "    receiver: a", "    routes: [{receiver: b, matchers: [x=y]}]",
		"  receivers:", "    - name: a", "    - name: b", "  inhibit_rules: []", "",
	}, "\n")
	newWorkspace(stack, &amp.WorkspaceProps{AlertManager: &amp.AlertManagerDefinition{Yaml: &text}})
	assertJSON(t, "definition", synth(t, stack).one("AWS::APS::Workspace")["AlertManagerDefinition"], asJSON(text))
}
