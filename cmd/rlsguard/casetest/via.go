package casetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/consumers/cases"
	"github.com/rlsguard/rlsguard/consumers/cases/cds"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

// viaFlags say which service cases are put to.
type viaFlags struct {
	connect.Flags

	ViaNats    bool   `name:"via-nats" group:"service" help:"Ask rls.check of a running rlsguard serve (see Connection)."`
	ViaCDS     string `name:"via-cds" placeholder:"URL" group:"service" help:"Ask a CDS Hooks service."`
	MoveDates  bool   `name:"move-dates" group:"service" help:"Shift all dates of a case so that its as-of time is now. Cases at the exact edge of a limit may differ."`
	CDSMapping string `name:"cds-mapping" placeholder:"FILE" group:"service" help:"Map the cards of another service to our checks (YAML)."`
	CDSToken   string `name:"cds-token" placeholder:"FILE" group:"service" help:"Bearer token for the service (mode 0600)."`
}

// elsewhere tells that cases are put to a service.
func (f *viaFlags) elsewhere() bool {
	return f.ViaNats || f.ViaCDS != "" || f.CDSMapping != "" || f.CDSToken != "" || f.MoveDates
}

// open connects to the service.
func (f *viaFlags) open() (cases.Service, func(), error) {
	none := func() {}
	switch {
	case f.ViaNats && f.ViaCDS != "":
		return nil, none, errors.New("--via-nats and --via-cds cannot be used together")
	case !f.ViaNats && f.ViaCDS == "" && f.MoveDates:
		return nil, none, errors.New("--move-dates needs --via-nats or --via-cds")
	case f.ViaCDS == "" && (f.CDSMapping != "" || f.CDSToken != ""):
		return nil, none, errors.New("--cds-mapping and --cds-token need --via-cds URL")
	case f.ViaNats:
		nc, err := f.Connect("test")
		if err != nil {
			return nil, none, err
		}
		return natsService{nc.Conn}, nc.Close, nil
	}
	s := &cds.Service{URL: f.ViaCDS, Client: &http.Client{Timeout: 30 * time.Second}}
	if f.CDSMapping != "" {
		data, err := os.ReadFile(f.CDSMapping)
		if err == nil {
			s.Mapping, err = cds.ReadMapping(data)
		}
		if err != nil {
			return nil, none, fmt.Errorf("--cds-mapping: %w", err)
		}
	}
	if f.CDSToken != "" {
		if err := connect.Private(f.CDSToken); err != nil {
			return nil, none, fmt.Errorf("--cds-token: %w", err)
		}
		data, err := os.ReadFile(f.CDSToken)
		if err != nil {
			return nil, none, err
		}
		s.Token = strings.TrimSpace(string(data))
	}
	return s, none, s.Open(context.Background())
}

// natsService puts questions to rls.check.
type natsService struct{ nc *nats.Conn }

// Ask implements cases.Service. rls.check is asked about drafts, so a question without one gets a
// draft of an ordinary drug.
func (s natsService) Ask(_ context.Context, q *cases.Question) (*cases.Answer, error) {
	type parameter struct {
		Name     string          `json:"name"`
		Resource json.RawMessage `json:"resource"`
	}
	var all []parameter
	drafts := 0
	for _, r := range q.Resources {
		name := "fact"
		if r.Draft {
			name = "draft"
			drafts++
		}
		all = append(all, parameter{name, r.JSON})
	}
	if drafts == 0 {
		draft, err := json.Marshal(map[string]any{
			"resourceType": "MedicationRequest", "id": "test-ordinary-drug", "status": "draft", "intent": "order",
			"subject":                   map[string]string{"reference": q.Patient},
			"medicationCodeableConcept": map[string]string{"text": "acetaminophen 500 mg tablet"},
		})
		if err != nil {
			return nil, err
		}
		all = append(all, parameter{"draft", draft})
	}
	request, err := json.Marshal(map[string]any{"resourceType": "Parameters", "parameter": all})
	if err != nil {
		return nil, err
	}
	data, err := connect.Ask(s.nc, request, "application/json")
	if err != nil {
		return nil, err
	}
	return answerOf(data)
}

func answerOf(data []byte) (*cases.Answer, error) {
	var reply ordercheck.Reply
	if err := json.Unmarshal(data, &reply); err != nil {
		return nil, err
	}
	a := &cases.Answer{}
	var err error
	if a.AsOf, err = time.Parse(time.RFC3339Nano, reply.AsOf); err != nil {
		return nil, fmt.Errorf("asOf of the reply: %w", err)
	}
	for _, l := range append(reply.Because, reply.Open...) {
		a.Flags = append(
			a.Flags,
			cases.Flag{Patient: string(l.Patient), Check: l.Check, Ingredient: l.Ingredient, Severity: l.Severity},
		)
	}
	for _, u := range reply.Unread {
		a.Said = append(a.Said, fmt.Sprintf("%s at %s: %s, %s", u.Type, u.Pointer, u.Reason, u.Detail))
	}
	return a, nil
}
