package test

import (
	"fmt"
	"os/exec"
	"slices"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// TestCallsToNode pins what one more task definition of a stack asks of Node, of which most of the time of a synthesis is made. By hand
// the same resources take 19 calls.
func TestCallsToNode(t *testing.T) {
	out, err := exec.Command("go", "run", "./test/bench", "-calls").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var hand, library, handCallbacks, callbacks float64
	const format = "hand: %g jsii calls and %g callbacks for each task definition\nlibrary: %g jsii calls and %g callbacks for each task definition\n"
	if _, err := fmt.Sscanf(string(out), format, &hand, &handCallbacks, &library, &callbacks); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if library > 17.1 || library > hand || callbacks > 0.1 {
		t.Errorf("%g calls and %g callbacks, by hand %g; want no more than 17 and 0.1", library, callbacks, hand)
	}
}

// lateContainers is a user's aspect that adds a container to each task definition, in a way that no method of ours sees.
type lateContainers struct{ of map[string]bool }

func (l *lateContainers) Visit(node constructs.IConstruct) {
	if td, ok := node.(awsecs.TaskDefinition); ok && !l.of[*td.Node().Path()] {
		l.of[*td.Node().Path()] = true
		awsecs.NewContainerDefinition(td, jsii.String("late"), &awsecs.ContainerDefinitionProps{Image: anyImage(), TaskDefinition: td})
	}
}

// TestContainersOfAUsersAspectTakePart also in task definitions that come after the first, whose collector brings the stack's aspect. Where the
// task definitions were not made in the order of the tree, such a container can come too late; that is an error, and not a container without
// its dependency.
func TestContainersOfAUsersAspectTakePart(t *testing.T) {
	build := func(reverse bool) awscdk.Stack {
		app := newApp(t)
		stack := awscdk.NewStack(app, jsii.String("Stack"), nil)
		scopes := []constructs.Construct{constructs.NewConstruct(stack, jsii.String("First")), constructs.NewConstruct(stack, jsii.String("Second")), stack}
		if reverse {
			slices.Reverse(scopes)
		}
		for _, scope := range scopes {
			otelprometheus.NewOtelPrometheusFargateTaskDefinition(scope, jsii.String("Task"), nil, nil).
				AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
		}
		awscdk.Aspects_Of(app).Add(&lateContainers{map[string]bool{}}, nil)
		return stack
	}
	for _, td := range synth(t, build(false)).some("AWS::ECS::TaskDefinition") {
		containers := td["ContainerDefinitions"].([]any)
		if len(containers) != 3 {
			t.Fatalf("%d containers", len(containers))
		}
		late := containers[2].(object)
		assertJSON(t, late["Name"].(string), late["DependsOn"], startsAfterCollector)
		if late["LogConfiguration"] == nil || len(environment(late)) == 0 {
			t.Errorf("%s of %s has no logging or no variables", late["Name"], td["Family"])
		}
	}
	if message := panicOf(func() { synth(t, build(true)) }); message != "" {
		assertContains(t, message, "container late was added too late", "add it with AddContainer")
	}
}
