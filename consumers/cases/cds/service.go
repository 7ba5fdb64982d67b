package cds

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/consumers/cases"
)

// Hooks through which cases are asked (CDS Hooks 2.0).
const (
	patientView = "patient-view"
	orderSign   = "order-sign"
)

// Service asks a CDS Hooks service.
type Service struct {
	URL     string // base, with or without /cds-services
	Token   string // bearer token; "" for none
	Mapping *Mapping
	Client  *http.Client

	services []offer
}

type offer struct {
	Hook     string            `json:"hook"`
	ID       string            `json:"id"`
	Prefetch map[string]string `json:"prefetch"`
}

type card struct {
	Summary   string `json:"summary"`
	Detail    string `json:"detail"`
	Indicator string `json:"indicator"`
	Source    struct {
		Label string `json:"label"`
		Topic struct {
			Code string `json:"code"`
		} `json:"topic"`
	} `json:"source"`
	Extension struct {
		Flag *struct {
			cases.Flag
			AsOf time.Time `json:"asOf"`
		} `json:"io.github.rlsguard.flag"`
	} `json:"extension"`
}

// Open reads the discovery of the service.
func (s *Service) Open(ctx context.Context) error {
	s.URL = strings.TrimSuffix(strings.TrimSuffix(s.URL, "/"), "/cds-services")
	data, err := s.do(ctx, http.MethodGet, "/cds-services", nil)
	if err != nil {
		return err
	}
	var d struct {
		Services []offer `json:"services"`
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return fmt.Errorf("%s/cds-services: %w", s.URL, err)
	}
	s.services = d.Services
	if s.service(patientView) == nil && s.service(orderSign) == nil {
		return fmt.Errorf("%s offers neither %s nor %s, which cases are asked by", s.URL, patientView, orderSign)
	}
	return nil
}

// service is the one to call for a hook; nil if there is none.
func (s *Service) service(hook string) *offer {
	i := slices.IndexFunc(s.services, func(d offer) bool {
		return d.Hook == hook &&
			(s.Mapping == nil || s.Mapping.Services[hook] == "" || s.Mapping.Services[hook] == d.ID)
	})
	if i < 0 {
		return nil
	}
	return &s.services[i]
}

func (s *Service) do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	if s.Token != "" {
		r.Header.Set("Authorization", "Bearer "+s.Token)
	}
	resp, err := s.Client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s%s: %s", s.URL, path, resp.Status)
	}
	return data, nil
}

// Ask implements Service. Drafts are asked about on signing; without drafts, by patient view. A
// service without that is asked about all orders as if they were being signed.
func (s *Service) Ask(ctx context.Context, q *cases.Question) (*cases.Answer, error) {
	var drafts, rest []cases.Resource
	for _, r := range q.Resources {
		if r.Draft {
			drafts = append(drafts, r)
		} else {
			rest = append(rest, r)
		}
	}
	hook, service := patientView, s.service(patientView)
	if len(drafts) > 0 || service == nil {
		hook, service = orderSign, s.service(orderSign)
	}
	if service == nil {
		return nil, cases.Unaskable("the service does not offer %s", hook)
	}
	if hook == orderSign && len(drafts) == 0 {
		if drafts, rest = requests(rest); len(drafts) == 0 {
			return nil, cases.Unaskable("no MedicationRequest is in it, and the service offers only %s", orderSign)
		}
	}
	body, err := hookBody(q.Patient, hook, service, drafts, rest)
	if err != nil {
		return nil, err
	}
	data, err := s.do(ctx, http.MethodPost, "/cds-services/"+service.ID, body)
	if err != nil {
		return nil, err
	}
	return s.answer(q.Patient, data)
}

func requests(all []cases.Resource) (drafts, rest []cases.Resource) {
	for _, r := range all {
		if r.Type == "MedicationRequest" {
			drafts = append(drafts, r)
		} else {
			rest = append(rest, r)
		}
	}
	return drafts, rest
}

func (s *Service) answer(patient string, data []byte) (*cases.Answer, error) {
	var in struct {
		Cards []card `json:"cards"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, fmt.Errorf("the answer is not a CDS Hooks response: %w", err)
	}
	a := &cases.Answer{}
	for i := range in.Cards {
		c := &in.Cards[i]
		var f cases.Flag
		known := false
		switch {
		case s.Mapping != nil:
			f, known = s.Mapping.flag(patient, c)
		case c.Extension.Flag != nil:
			f, known = c.Extension.Flag.Flag, true
			a.AsOf = c.Extension.Flag.AsOf
		}
		if !known {
			a.Said = append(a.Said, c.Summary)
			continue
		}
		if !slices.ContainsFunc(
			a.Flags,
			func(have cases.Flag) bool {
				have.Severity = f.Severity
				return have == f && f.Ingredient != cases.AnyIngredient
			},
		) {
			a.Flags = append(a.Flags, f)
		}
	}
	return a, nil
}

// hookBody is a request with what the service's prefetch asks for. The rest comes under its own
// key, so that a service that can use it has the whole case.
func hookBody(patient, hook string, service *offer, drafts, rest []cases.Resource) ([]byte, error) {
	id := strings.TrimPrefix(patient, "Patient/")
	hookContext := map[string]any{"patientId": id, "userId": "Practitioner/test"}
	if hook == orderSign {
		hookContext["draftOrders"] = collection(drafts)
	}
	prefetch := map[string]any{}
	asked := make([]bool, len(rest))
	for key, template := range service.Prefetch {
		var found []cases.Resource
		for i := range rest {
			if fits(template, &rest[i]) {
				found, asked[i] = append(found, rest[i]), true
			}
		}
		switch {
		case !strings.Contains(template, "?") && len(found) == 0:
			prefetch[key] = nil
		case !strings.Contains(template, "?"):
			prefetch[key] = found[0].JSON
		default:
			prefetch[key] = searchset(found)
		}
	}
	var others []cases.Resource
	for i, r := range rest {
		if !asked[i] {
			others = append(others, r)
		}
	}
	if len(others) > 0 {
		prefetch["others"] = searchset(others)
	}
	return json.Marshal(
		map[string]any{
			"hook":         hook,
			"hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
			"context":      hookContext,
			"prefetch":     prefetch,
		},
	)
}

func bundle(kind string, all []cases.Resource) map[string]any {
	entries := []map[string]any{}
	for _, r := range all {
		entries = append(entries, map[string]any{"resource": r.JSON})
	}
	return map[string]any{"resourceType": "Bundle", "type": kind, "entry": entries}
}

func collection(all []cases.Resource) map[string]any { return bundle("collection", all) }

func searchset(all []cases.Resource) map[string]any {
	b := bundle("searchset", all)
	b["total"] = len(all)
	return b
}

// fits reports whether a search of a prefetch template would find a resource, by its type and the
// codes it names. Search by status is ignored: ended orders are part of a case.
func fits(template string, r *cases.Resource) bool {
	typ, query, search := strings.Cut(template, "?")
	if !search {
		typ, _, _ = strings.Cut(template, "/")
		return typ == r.Type
	}
	if typ != r.Type {
		return false
	}
	for part := range strings.SplitSeq(query, "&") {
		if codes, ok := strings.CutPrefix(part, "code="); ok {
			return slices.ContainsFunc(strings.Split(codes, ","), func(token string) bool {
				return strings.Contains(string(r.JSON), `"`+token[strings.LastIndexByte(token, '|')+1:]+`"`)
			})
		}
	}
	return true
}
