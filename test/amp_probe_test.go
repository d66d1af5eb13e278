package test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

func TestZProbe(t *testing.T) {
	app := newApp(t)
	shared := newStackIn(app, "Shared", home, "eu-west-1")
	w := newWorkspace(shared, nil)
	service := newStackIn(app, "Service", home, "us-east-1")
	w.GrantRemoteWrite(roleOf(service))
	awscdk.NewCfnOutput(service, jsii.String("U"), &awscdk.CfnOutputProps{Value: w.RemoteWriteUrl()})
	fmt.Println(panicOf(func() { fmt.Println(asJSON(synth(t, service).statements("RoleDefaultPolicy"))) }))
	fmt.Println(asJSON(resolved(service, w.RemoteWriteUrl())))
}
