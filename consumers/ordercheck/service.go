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
	serviceName = "rlsguard"
	Subject     = "rls.check"
	// ServiceVersion is that of the request and the reply, by the rules of semver.org.
	serviceVersion = "1.0.0"

	typeJSON = "application/json"
	typeFHIR = "application/fhir+json"
)

// AcceptBoth in the header Accept asks for the reply as JSON with the Bundle in it, so that both
// are of one moment.
const AcceptBoth = typeJSON + ";bundle=true"

// Codes of errors, in the header Nats-Service-Error-Code. They go by HTTP.
const (
	codeUnreadable = "400" // the request cannot be read
	codeNoQuestion = "422" // it can be read, and asks nothing that can be answered
	codeInternal   = "500"
	codeNotReady   = "503" // the stored states are not read yet: ask again
)

// requestSchema and replySchema are JSON Schemas (2020-12) of what the service takes and gives,
// shown in its metadata.
//
//go:embed schema/request.json
var requestSchema string

// replySchema is that of the reply.
//
//go:embed schema/reply.json
var replySchema string

// Serve answers rls.check on nc until the returned service is stopped: one question at a time, and
// several instances share the work.
func Serve(nc *nats.Conn, c *Checker) (micro.Service, error) {
	svc, err := micro.AddService(nc, micro.Config{
		Name: serviceName, Version: serviceVersion,
		Description: "Checks medicines and iron labs of people with restless legs syndrome, before an order is written",
	})
	if err != nil {
		return nil, fmt.Errorf("service %s: %w", serviceName, err)
	}
	err = svc.AddEndpoint(
		"check",
		micro.HandlerFunc(c.handle),
		micro.WithEndpointSubject(Subject),
		micro.WithEndpointMetadata(map[string]string{
			"request_schema": compact(requestSchema), "response_schema": compact(replySchema),
			"formats": typeJSON + "; with header Accept: " + typeFHIR + " a Bundle of DetectedIssue; with " +
				AcceptBoth + " both",
		}),
	)
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
			_ = req.Error(codeInternal, failedText, errorBody(failedText))
		}
		c.Metrics.Count(outcome, time.Since(began))
	}()
	a, err := c.Ask(context.Background(), req.Data())
	if err != nil {
		outcome = outcomeOfError(err)
		refuse(req, err)
		return
	}
	format, data, err := written(&a, req.Headers())
	if err != nil {
		refuse(req, err)
		return
	}
	outcome = outcomeOfAnswer(&a)
	_ = req.Respond(data, micro.WithHeaders(micro.Headers{"Content-Type": []string{format}}))
}

// written is advice in the form that the headers of the request ask for.
func written(a *Advice, h micro.Headers) (format string, data []byte, err error) {
	if accepts(h, typeFHIR) {
		data, err = BundleOf(a)
		return typeFHIR, data, err
	}
	reply := ReplyOf(a)
	if accepts(h, AcceptBoth) {
		if reply.Bundle, err = BundleOf(a); err != nil {
			return "", nil, err
		}
	}
	data, err = json.Marshal(reply)
	return typeJSON, data, err
}

func accepts(h micro.Headers, form string) bool {
	for name, values := range h {
		if strings.EqualFold(name, "Accept") && strings.Contains(strings.Join(values, ","), form) {
			return true
		}
	}
	return false
}

// refuse says what is wrong, in the headers of the micro convention and, for programs, as JSON.
// Texts of ours are from closed lists: no part of the request is repeated.
func refuse(req micro.Request, err error) {
	code, text := codeInternal, failedText
	var data []byte
	var rej *fhir.Rejection
	switch {
	case errors.As(err, &rej):
		code, text = codeUnreadable, "the request cannot be read: "+string(rej.Reason)
		data, _ = json.Marshal(Unread{Reason: rej.Reason, Pointer: rej.Pointer, Detail: rej.Detail})
	case errors.Is(err, errNoDraft), errors.Is(err, errNoPatient), errors.Is(err, errSeveralPatients):
		code, text = codeNoQuestion, err.Error()
	case errors.Is(err, commit.ErrNotReady):
		code, text = codeNotReady, err.Error()
	}
	if len(data) == 0 {
		data = errorBody(text)
	}
	_ = req.Error(code, text, data)
}

const failedText = "the check failed"

// errorBody repeats the text of an error in the body. An answer without a body, whose reply subject
// somebody chose well, is an acknowledgement to JetStream.
func errorBody(text string) []byte {
	data, err := json.Marshal(struct {
		Error string `json:"error"`
	}{text})
	if err != nil {
		return []byte("{}")
	}
	return data
}
