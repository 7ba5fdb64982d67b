package ordercheck

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/fhir"
)

// The service as it is discovered.
const (
	ServiceName = "rlsguard"
	Subject     = "rls.check"
	// ServiceVersion is that of the request and the reply, by the rules of semver.org.
	ServiceVersion = "1.0.0"

	typeJSON = "application/json"
	typeFHIR = "application/fhir+json"
)

// Codes of errors, in the header Nats-Service-Error-Code. They go by HTTP.
const (
	CodeUnreadable = "400" // the request cannot be read
	CodeNoQuestion = "422" // it can be read, and asks nothing that can be answered
	CodeInternal   = "500"
	CodeNotReady   = "503" // the stored states are not read yet: ask again
)

// RequestSchema and ReplySchema are JSON Schemas (2020-12) of what the service takes and gives, shown in its metadata.
//
//go:embed schema/request.json
var RequestSchema string

// ReplySchema is that of the reply.
//
//go:embed schema/reply.json
var ReplySchema string

// Serve answers rls.check on nc until the returned service is stopped: one question at a time, and several instances share the work.
func Serve(nc *nats.Conn, c *Checker) (micro.Service, error) {
	svc, err := micro.AddService(nc, micro.Config{
		Name: ServiceName, Version: ServiceVersion,
		Description: "Checks medicines and iron labs of people with restless legs syndrome, before an order is written",
	})
	if err != nil {
		return nil, fmt.Errorf("service %s: %w", ServiceName, err)
	}
	err = svc.AddEndpoint("check", micro.HandlerFunc(c.handle), micro.WithEndpointSubject(Subject), micro.WithEndpointMetadata(map[string]string{
		"request_schema": compact(RequestSchema), "response_schema": compact(ReplySchema),
		"formats": typeJSON + "; with header Accept: " + typeFHIR + " a Bundle of DetectedIssue",
	}))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("endpoint %s: %w", Subject, err), svc.Stop())
	}
	return svc, nil
}

func compact(schema string) string { return strings.Join(strings.Fields(schema), " ") }

// handle answers one request. What it cannot send was not wanted any more.
func (c *Checker) handle(req micro.Request) {
	began, outcome := time.Now(), outcomeFailed
	defer func() {
		if recover() != nil {
			outcome = outcomeFailed
			_ = req.Error(CodeInternal, "the check failed", nil)
		}
		c.Metrics.count(outcome, time.Since(began))
	}()
	a, err := c.Ask(context.Background(), req.Data())
	if err != nil {
		outcome = outcomeOfError(err)
		refuse(req, err)
		return
	}
	format := typeJSON
	var data []byte
	if wantsFHIR(req.Headers()) {
		format = typeFHIR
		data, err = BundleOf(&a)
	} else {
		data, err = json.Marshal(ReplyOf(&a))
	}
	if err != nil {
		refuse(req, err)
		return
	}
	outcome = outcomeOfAnswer(&a)
	_ = req.Respond(data, micro.WithHeaders(micro.Headers{"Content-Type": []string{format}}))
}

func wantsFHIR(h micro.Headers) bool {
	for name, values := range h {
		if strings.EqualFold(name, "Accept") && strings.Contains(strings.Join(values, ","), typeFHIR) {
			return true
		}
	}
	return false
}

// refuse says what is wrong, in the headers of the micro convention and, for programs, as JSON. Texts of ours are from closed lists: no part
// of the request is repeated.
func refuse(req micro.Request, err error) {
	code, text := CodeInternal, "the check failed"
	var data []byte
	var rej *fhir.Rejection
	switch {
	case errors.As(err, &rej):
		code, text = CodeUnreadable, "the request cannot be read: "+string(rej.Reason)
		data, _ = json.Marshal(Unread{Reason: rej.Reason, Pointer: rej.Pointer, Detail: rej.Detail})
	case errors.Is(err, ErrNoDraft), errors.Is(err, ErrNoPatient), errors.Is(err, ErrSeveralPatients):
		code, text = CodeNoQuestion, err.Error()
	case errors.Is(err, commit.ErrNotReady):
		code, text = CodeNotReady, err.Error()
	}
	_ = req.Error(code, text, data)
}
