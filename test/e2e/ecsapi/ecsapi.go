// Package ecsapi emulates what finds the tasks of a cluster: the part of the ECS API, in AWS JSON 1.1, and of the EC2 API that ADOT's
// ecs_observer calls, with pages, signatures and faults. Its answers are read with the AWS SDK's own clients in a test.
//
// Sources: Amazon ECS API reference and Amazon EC2 API reference, the actions by their names. It has been compared with no real cluster.
package ecsapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Cluster is a cluster with its tasks.
type Cluster struct {
	Partition, Region, Account, Name string
	// Latency is how long each call takes at least. The collector reads its list of tasks and looks at the cluster in the same rhythm, the one
	// a few milliseconds after the other has begun: without it the two meet, which they do not on AWS.
	Latency time.Duration
	// Verify, if set, says whether a request is signed for a service, "ecs" or "ec2".
	Verify func(service string, r *http.Request, body []byte) error

	mu          sync.Mutex
	definitions map[string]*Definition // by ARN
	tasks       []*Task
	calls       map[string]int // by action
	fault       func(action string) *Fault
}

// Definition is a revision of a task definition.
type Definition struct {
	Family      string
	Revision    int
	NetworkMode string // awsvpc, bridge or host
	Containers  []Container
}

// Container is one container of a task definition, with the container ports that it maps.
type Container struct {
	Name  string
	Ports []int
}

// Task is a task whose desired status is RUNNING.
type Task struct {
	ID         string
	Definition *Definition
	// Service runs the task. Empty: it was started by hand.
	Service string
	// LaunchType is FARGATE or EC2.
	LaunchType string
	// Address is the private IPv4 address: of the task with network mode awsvpc, otherwise of its instance.
	Address string
	// Bindings are the ports of the instance behind which the container ports are, with network mode bridge.
	Bindings map[int]int
}

// Fault is how a call fails: it hangs until the client gives up, or is answered with an error.
type Fault struct {
	Hang bool
	// Error is the name of the exception, such as ThrottlingException.
	Error string
}

// Faults that AWS knows.
var (
	Throttled = &Fault{Error: "ThrottlingException"}
	Denied    = &Fault{Error: "AccessDeniedException"}
	Hanging   = &Fault{Hang: true}
)

// SetFault installs a hook that is asked about each call; nil, or a nil Fault, means health.
func (c *Cluster) SetFault(fault func(action string) *Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = fault
}

// Always is a hook by which every call fails so.
func Always(f *Fault) func(string) *Fault { return func(string) *Fault { return f } }

// Run adds a task.
func (c *Cluster) Run(t *Task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.definitions == nil {
		c.definitions = map[string]*Definition{}
	}
	c.definitions[c.definitionARN(t.Definition)] = t.Definition
	c.tasks = append(c.tasks, t)
}

// Stop removes a task: its desired status is STOPPED.
func (c *Cluster) Stop(t *Task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tasks = slices.DeleteFunc(c.tasks, func(other *Task) bool { return other == t })
}

// Calls counts the calls of each action so far.
func (c *Cluster) Calls() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := map[string]int{}
	for action, n := range c.calls {
		calls[action] = n
	}
	return calls
}

// begin counts a call, and says whether it fails.
func (c *Cluster) begin(action string) *Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls == nil {
		c.calls = map[string]int{}
	}
	c.calls[action]++
	if c.fault == nil {
		return nil
	}
	return c.fault(action)
}

func (c *Cluster) arn(service, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", c.Partition, service, c.Region, c.Account, resource)
}

func (c *Cluster) clusterARN() string { return c.arn("ecs", "cluster/"+c.Name) }

func (c *Cluster) taskARN(t *Task) string { return c.arn("ecs", "task/"+c.Name+"/"+t.ID) }

func (c *Cluster) definitionARN(d *Definition) string {
	return c.arn("ecs", fmt.Sprintf("task-definition/%s:%d", d.Family, d.Revision))
}

func (c *Cluster) instanceARN(address string) string {
	return c.arn("ecs", "container-instance/"+c.Name+"/"+hash(address, 32))
}

// instanceID is that of the EC2 instance with an address.
func instanceID(address string) string { return "i-" + hash(address, 17) }

func hash(text string, digits int) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:digits]
}

// Pages of the list actions. Source: Amazon ECS API reference, maxResults of ListTasks and ListServices.
const (
	tasksPerPage    = 100
	servicesPerPage = 10
	mostDescribed   = 100
)

// exception is an answer of the ECS API other than success.
type exception struct{ name, message string }

type request struct {
	Cluster, NextToken, TaskDefinition string
	Tasks, ContainerInstances          []string
	MaxResults                         int
}

type object = map[string]any

// ECS answers calls of the ECS API.
func (c *Cluster) ECS(w http.ResponseWriter, r *http.Request) {
	action, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AmazonEC2ContainerServiceV20141113.")
	body, err := io.ReadAll(r.Body)
	if !ok || err != nil || r.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
		c.refuse(w, exception{"UnknownOperationException", "not an action in AWS JSON 1.1"})
		return
	}
	time.Sleep(c.Latency)
	fault := c.begin(action)
	if fault != nil && fault.Hang {
		<-r.Context().Done()
		return
	}
	if c.Verify != nil {
		if err := c.Verify("ecs", r, body); err != nil {
			c.refuse(w, exception{"InvalidSignatureException", err.Error()})
			return
		}
	}
	if fault != nil {
		c.refuse(w, exception{fault.Error, "a fault of the test in " + action})
		return
	}
	var in request
	if err := json.Unmarshal(body, &in); err != nil {
		c.refuse(w, exception{"SerializationException", err.Error()})
		return
	}
	out, problem := c.answer(action, in)
	if problem != nil {
		c.refuse(w, *problem)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(out)
}

func (c *Cluster) refuse(w http.ResponseWriter, e exception) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(object{"__type": e.name, "message": e.message})
}

func (c *Cluster) answer(action string, in request) (object, *exception) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if action != "DescribeTaskDefinition" && in.Cluster != c.Name && in.Cluster != c.clusterARN() {
		return nil, &exception{"ClusterNotFoundException", "Cluster not found."}
	}
	switch action {
	case "ListTasks":
		var arns []string
		for _, t := range c.tasks {
			arns = append(arns, c.taskARN(t))
		}
		return page("taskArns", arns, in, tasksPerPage)
	case "DescribeTasks":
		return c.describeTasks(in)
	case "DescribeTaskDefinition":
		d := c.definitions[in.TaskDefinition]
		if d == nil {
			return nil, &exception{"ClientException", "Unable to describe task definition."}
		}
		return object{"taskDefinition": c.describeDefinition(d)}, nil
	case "ListServices":
		return page("serviceArns", c.serviceARNs(), in, servicesPerPage)
	case "DescribeContainerInstances":
		return c.describeInstances(in)
	}
	return nil, &exception{"UnknownOperationException", action + " is not emulated"}
}

// page is a part of a list. The token is the place of the next part.
func page(key string, arns []string, in request, size int) (object, *exception) {
	if in.MaxResults > 0 {
		size = min(size, in.MaxResults)
	}
	from := 0
	if in.NextToken != "" {
		var err error
		if from, err = strconv.Atoi(in.NextToken); err != nil || from > len(arns) {
			return nil, &exception{"InvalidParameterException", "Invalid token " + in.NextToken}
		}
	}
	to := min(from+size, len(arns))
	out := object{key: append([]string{}, arns[from:to]...)}
	if to < len(arns) {
		out["nextToken"] = strconv.Itoa(to)
	}
	return out, nil
}

func (c *Cluster) serviceARNs() []string {
	var arns []string
	for _, t := range c.tasks {
		if arn := c.arn("ecs", "service/"+c.Name+"/"+t.Service); t.Service != "" && !slices.Contains(arns, arn) {
			arns = append(arns, arn)
		}
	}
	return arns
}

func (c *Cluster) describeTasks(in request) (object, *exception) {
	if len(in.Tasks) == 0 || len(in.Tasks) > mostDescribed {
		return nil, &exception{"InvalidParameterException", fmt.Sprintf("Tasks must have 1 to %d elements.", mostDescribed)}
	}
	found := map[string]object{}
	for _, t := range c.tasks {
		found[c.taskARN(t)] = c.describeTask(t)
	}
	tasks, failures := []object{}, []object{}
	for _, arn := range in.Tasks {
		if task := found[arn]; task != nil {
			tasks = append(tasks, task)
		} else {
			failures = append(failures, object{"arn": arn, "reason": "MISSING"})
		}
	}
	return object{"tasks": tasks, "failures": failures}, nil
}

func (c *Cluster) describeTask(t *Task) object {
	group, startedBy := "family:"+t.Definition.Family, ""
	if t.Service != "" {
		group, startedBy = "service:"+t.Service, "ecs-svc/"+strconv.FormatUint(1e18+uint64(len(t.Service)), 10)
	}
	var containers []object
	for _, container := range t.Definition.Containers {
		one := object{"name": container.Name, "taskArn": c.taskARN(t), "lastStatus": "RUNNING", "healthStatus": "UNKNOWN"}
		var bindings []object
		for _, port := range container.Ports {
			if host := t.Bindings[port]; host != 0 {
				bindings = append(bindings, object{"bindIP": "0.0.0.0", "containerPort": port, "hostPort": host, "protocol": "tcp"})
			}
		}
		one["networkBindings"] = append([]object{}, bindings...)
		containers = append(containers, one)
	}
	task := object{
		"taskArn": c.taskARN(t), "clusterArn": c.clusterARN(), "taskDefinitionArn": c.definitionARN(t.Definition), "containers": containers,
		"lastStatus": "RUNNING", "desiredStatus": "RUNNING", "group": group, "startedBy": startedBy, "launchType": t.LaunchType,
		"healthStatus": "UNKNOWN", "tags": []object{}, "attachments": []object{}, "createdAt": float64(time.Now().Add(-time.Minute).UnixMilli()) / 1000,
	}
	if t.Definition.NetworkMode == "awsvpc" {
		task["attachments"] = []object{{"id": t.ID, "type": "ElasticNetworkInterface", "status": "ATTACHED", "details": []object{
			{"name": "subnetId", "value": "subnet-1"}, {"name": "privateIPv4Address", "value": t.Address},
		}}}
	}
	if t.LaunchType == "EC2" {
		task["containerInstanceArn"] = c.instanceARN(t.Address)
	}
	return task
}

func (c *Cluster) describeDefinition(d *Definition) object {
	var containers []object
	for _, container := range d.Containers {
		mappings := []object{}
		for _, port := range container.Ports {
			host := port // of awsvpc and host, as ECS fills it in
			if d.NetworkMode == "bridge" {
				host = 0
			}
			mappings = append(mappings, object{"containerPort": port, "hostPort": host, "protocol": "tcp"})
		}
		containers = append(containers, object{"name": container.Name, "image": "image", "portMappings": mappings, "essential": true})
	}
	return object{
		"taskDefinitionArn": c.definitionARN(d), "family": d.Family, "revision": d.Revision, "networkMode": d.NetworkMode, "containerDefinitions": containers, "status": "ACTIVE",
	}
}

func (c *Cluster) describeInstances(in request) (object, *exception) {
	if len(in.ContainerInstances) == 0 || len(in.ContainerInstances) > mostDescribed {
		return nil, &exception{"InvalidParameterException", fmt.Sprintf("Container instances must have 1 to %d elements.", mostDescribed)}
	}
	var instances []object
	for _, arn := range in.ContainerInstances {
		for _, address := range c.addresses() {
			if c.instanceARN(address) == arn {
				instances = append(instances, object{"containerInstanceArn": arn, "ec2InstanceId": instanceID(address), "status": "ACTIVE"})
			}
		}
	}
	return object{"containerInstances": instances}, nil
}

// addresses are those of the instances.
func (c *Cluster) addresses() (all []string) {
	for _, t := range c.tasks {
		if t.LaunchType == "EC2" && !slices.Contains(all, t.Address) {
			all = append(all, t.Address)
		}
	}
	return all
}

type ec2Answer struct {
	XMLName   xml.Name `xml:"http://ec2.amazonaws.com/doc/2016-11-15/ DescribeInstancesResponse"`
	RequestID string   `xml:"requestId"`
	Items     []struct {
		Instances []ec2Instance `xml:"instancesSet>item"`
	} `xml:"reservationSet>item"`
}

type ec2Instance struct {
	ID        string `xml:"instanceId"`
	Type      string `xml:"instanceType"`
	PrivateIP string `xml:"privateIpAddress"`
	VPC       string `xml:"vpcId"`
}

// EC2 answers DescribeInstances of the EC2 API, in its query protocol.
func (c *Cluster) EC2(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	form, badForm := url.ParseQuery(string(body))
	if err != nil || badForm != nil || form.Get("Action") != "DescribeInstances" {
		http.Error(w, "only DescribeInstances is emulated", http.StatusBadRequest)
		return
	}
	time.Sleep(c.Latency)
	fault := c.begin("DescribeInstances")
	if fault != nil && fault.Hang {
		<-r.Context().Done()
		return
	}
	if c.Verify != nil {
		err = c.Verify("ec2", r, body)
	}
	if err != nil || fault != nil {
		code := "AuthFailure"
		if fault != nil {
			code = map[string]string{Throttled.Error: "RequestLimitExceeded", Denied.Error: "UnauthorizedOperation"}[fault.Error]
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, "<Response><Errors><Error><Code>%s</Code><Message>refused</Message></Error></Errors><RequestID>1</RequestID></Response>", code)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	answer := ec2Answer{RequestID: "1", Items: make([]struct {
		Instances []ec2Instance `xml:"instancesSet>item"`
	}, 1)}
	for name, values := range form {
		for _, address := range c.addresses() {
			if strings.HasPrefix(name, "InstanceId.") && values[0] == instanceID(address) {
				answer.Items[0].Instances = append(answer.Items[0].Instances, ec2Instance{values[0], "t3.small", address, "vpc-1"})
			}
		}
	}
	w.Header().Set("Content-Type", "text/xml")
	_ = xml.NewEncoder(w).Encode(answer)
}
