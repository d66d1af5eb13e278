package ecsapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"
)

// clients are the AWS SDK's own, which lead to an emulated cluster.
func clients(t *testing.T, c *Cluster) (*ecs.Client, *ec2.Client) {
	t.Helper()
	credentials := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIAE2ETEST", SecretAccessKey: "secret"}, nil
	})
	serve := func(handler http.HandlerFunc) *string {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		return &server.URL
	}
	once := aws.NopRetryer{}
	return ecs.New(ecs.Options{Region: c.Region, BaseEndpoint: serve(c.ECS), Credentials: credentials, Retryer: once}),
		ec2.New(ec2.Options{Region: c.Region, BaseEndpoint: serve(c.EC2), Credentials: credentials, Retryer: once})
}

func newCluster() *Cluster {
	return &Cluster{Partition: "aws", Region: "eu-central-1", Account: "111122223333", Name: "shop"}
}

// TestTheSDKReadsTheAnswers: lists by page, tasks of both kinds, definitions, and instances.
func TestTheSDKReadsTheAnswers(t *testing.T) {
	c, ctx := newCluster(), t.Context()
	vpc := &Definition{Family: "orders", Revision: 7, NetworkMode: "awsvpc", Containers: []Container{{"app", []int{8080}}}}
	bridge := &Definition{Family: "images", Revision: 1, NetworkMode: "bridge", Containers: []Container{{"app", []int{8080}}, {"other", nil}}}
	for i := range 250 {
		c.Run(&Task{ID: fmt.Sprint("task", i), Definition: vpc, Service: fmt.Sprint("service", i%25), LaunchType: "FARGATE", Address: fmt.Sprint("127.1.0.", i)})
	}
	c.Run(&Task{ID: "bridged", Definition: bridge, LaunchType: "EC2", Address: "127.2.0.1", Bindings: map[int]int{8080: 32768}})
	client, instances := clients(t, c)

	var arns []string
	for pages := ecs.NewListTasksPaginator(client, &ecs.ListTasksInput{Cluster: aws.String("shop")}); pages.HasMorePages(); {
		p, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.TaskArns) > 100 {
			t.Errorf("a page has %d tasks", len(p.TaskArns))
		}
		arns = append(arns, p.TaskArns...)
	}
	if len(arns) != 251 || len(slices.Compact(slices.Sorted(slices.Values(arns)))) != 251 {
		t.Fatalf("%d tasks are listed", len(arns))
	}
	services := 0
	for pages := ecs.NewListServicesPaginator(client, &ecs.ListServicesInput{Cluster: aws.String(c.clusterARN())}); pages.HasMorePages(); {
		p, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		services += len(p.ServiceArns)
	}
	if services != 25 {
		t.Errorf("%d services are listed", services)
	}

	described, err := client.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: aws.String("shop"), Tasks: []string{arns[0], arns[250], "gone"}, Include: []types.TaskField{types.TaskFieldTags}})
	if err != nil || len(described.Tasks) != 2 || len(described.Failures) != 1 {
		t.Fatalf("got %+v, %v", described, err)
	}
	onFargate, bridged := described.Tasks[0], described.Tasks[1]
	if got := onFargate.Attachments[0].Details[1]; *got.Name != "privateIPv4Address" || *got.Value != "127.1.0.0" || *onFargate.Group != "service:service0" ||
		onFargate.LaunchType != types.LaunchTypeFargate || onFargate.CreatedAt.Before(time.Now().Add(-time.Hour)) {
		t.Errorf("got %+v", onFargate)
	}
	if got := bridged.Containers[0].NetworkBindings[0]; *got.HostPort != 32768 || *got.ContainerPort != 8080 || *bridged.Group != "family:images" || len(bridged.Attachments) != 0 {
		t.Errorf("got %+v", bridged)
	}

	definition, err := client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: onFargate.TaskDefinitionArn})
	if err != nil || definition.TaskDefinition.Revision != 7 || definition.TaskDefinition.NetworkMode != types.NetworkModeAwsvpc ||
		*definition.TaskDefinition.ContainerDefinitions[0].PortMappings[0].HostPort != 8080 {
		t.Errorf("got %+v, %v", definition, err)
	}

	hosts, err := client.DescribeContainerInstances(ctx, &ecs.DescribeContainerInstancesInput{Cluster: aws.String("shop"), ContainerInstances: []string{*bridged.ContainerInstanceArn}})
	if err != nil || len(hosts.ContainerInstances) != 1 {
		t.Fatalf("got %+v, %v", hosts, err)
	}
	found, err := instances.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{*hosts.ContainerInstances[0].Ec2InstanceId}})
	if err != nil || *found.Reservations[0].Instances[0].PrivateIpAddress != "127.2.0.1" {
		t.Errorf("got %+v, %v", found, err)
	}
	if calls := c.Calls(); calls["ListTasks"] != 3 || calls["ListServices"] != 3 {
		t.Errorf("calls are %v", calls)
	}
}

// TestTheSDKKnowsTheErrors by their types, as ecs_observer does.
func TestTheSDKKnowsTheErrors(t *testing.T) {
	c := newCluster()
	c.Run(&Task{ID: "one", Definition: &Definition{Family: "orders", Revision: 1, NetworkMode: "awsvpc"}, LaunchType: "FARGATE", Address: "127.1.0.1"})
	client, instances := clients(t, c)
	list := func(cluster string) error {
		_, err := client.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: &cluster})
		return err
	}
	if err := list("shop"); err != nil {
		t.Fatal(err)
	}
	var unknown *types.ClusterNotFoundException
	if err := list("another"); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
	var invalid *types.InvalidParameterException
	if _, err := client.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: aws.String("shop"), Tasks: []string{}}); !errors.As(err, &invalid) {
		t.Errorf("got %v", err)
	}
	c.SetFault(Always(Denied))
	var denied *types.AccessDeniedException
	if err := list("shop"); !errors.As(err, &denied) {
		t.Errorf("got %v", err)
	}
	var api smithy.APIError
	if _, err := instances.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{}); !errors.As(err, &api) || api.ErrorCode() != "UnauthorizedOperation" {
		t.Errorf("got %v", err)
	}
	c.SetFault(Always(Throttled))
	if err := list("shop"); !errors.As(err, &api) || api.ErrorCode() != "ThrottlingException" {
		t.Errorf("got %v", err)
	}
	c.SetFault(Always(Hanging))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := client.ListTasks(ctx, &ecs.ListTasksInput{Cluster: aws.String("shop")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
