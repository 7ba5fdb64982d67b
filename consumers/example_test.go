package consumers_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/publish"
	"github.com/rlsguard/rlsguard/consumers/watch"
	"github.com/rlsguard/rlsguard/fhir"
)

// A server and the consumer run in this process: an event goes in, its flag comes out.
func ExampleServe() {
	if err := serveOnce(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// opened low rls-iron-unchecked  of Patient/anna
	// opened moderate rls-ssri sertraline of Patient/anna
}

func serveOnce() error {
	dir, err := os.MkdirTemp("", "rlsguard")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server, err := embedded.Start(
		ctx,
		embedded.Options{Dir: dir, Listen: "127.0.0.1:0", Log: zerolog.Nop()},
	)
	if err != nil {
		return err
	}
	defer server.Stop()
	engine := &fold.Engine{
		Settings: checks.DefaultSettings(),
		Key:      []byte("a secret of the site, at least 16 bytes"),
		Ruleset:  "r1",
	}
	served := make(chan error, 1)
	go func() {
		served <- consumers.Serve(ctx, consumers.Config{
			Embedded: server, Engine: engine, Reader: fhir.DefaultOptions(), Log: zerolog.Nop(),
			AsOf: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC),
		})
	}()
	nc, err := server.Connect()
	if err != nil {
		return err
	}
	defer nc.Close()
	pub, err := publish.New(ctx, nc)
	if err != nil {
		return err
	}
	defer pub.Close()
	const bundle = `{"resourceType":"Bundle","type":"collection","entry":[
	  {"resource":{"resourceType":"Condition","id":"1","subject":{"reference":"Patient/anna"},
	    "code":{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]}}},
	  {"resource":{"resourceType":"MedicationRequest","id":"1","status":"active","intent":"order","authoredOn":"2026-03-14",
	    "subject":{"reference":"Patient/anna"},"medicationCodeableConcept":{"text":"sertraline 50 mg"}}}]}`
	if err := pub.Publish(ctx, []byte(bundle)); err != nil {
		return err
	}
	if err := pub.Wait(ctx, jet.WaitOptions{}); err != nil {
		return err
	}
	show := func(flags []checks.Flag) error {
		for _, f := range flags {
			fmt.Println(f.Change, f.Severity, f.Check, f.Ingredient, "of", f.Patient)
		}
		return nil
	}
	if err := watch.Watch(ctx, nc, watch.Options{Once: true}, show, nil); err != nil {
		return err
	}
	cancel()
	return <-served
}
