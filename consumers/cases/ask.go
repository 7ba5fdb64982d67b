package cases

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// Service answers questions about patients from outside.
type Service interface {
	Ask(ctx context.Context, q *Question) (*Answer, error)
}

// Question is everything a case says about one patient.
type Question struct {
	Patient   string // as a reference
	Resources []Resource
}

// Resource is one FHIR resource of a question.
type Resource struct {
	Type, ID string
	Draft    bool // an order being written: a MedicationRequest with status draft
	JSON     json.RawMessage
}

// Answer is what a service flags.
type Answer struct {
	Flags []Flag
	AsOf  time.Time // zero if the service does not say
	// Said is what else the service reported: what it could not read, and cards about no check.
	Said []string
}

// AnyIngredient is the ingredient of a flag if a service does not state it. It stands for one of
// the expected ones.
const AnyIngredient = "*"

// errUnaskable says why a case cannot be put as a question.
type errUnaskable struct{ why string }

func (e errUnaskable) Error() string { return e.why }

// Unaskable is the error of a Service for a case that cannot be put to it, with the reason.
func Unaskable(format string, args ...any) error { return errUnaskable{fmt.Sprintf(format, args...)} }

// questions puts a case as questions, one per patient. why says why it cannot be: a request has one
// version of each resource, and its answer states neither rejections nor transitions.
func (c *Case) questions() (questions []Question, why string, err error) {
	switch {
	case c.Fault != nil:
		return nil, "", c.Fault
	case c.Want.Unknown != "":
		return nil, c.Want.Unknown, nil
	case len(c.Want.Rejected) > 0:
		return nil, "it tests what is rejected, which an answer does not count", nil
	case c.Want.Transitions != nil:
		return nil, "it tests transitions, and an answer is about one moment", nil
	case c.HasSettings:
		return nil, "it has settings of its own, and a service has those of its site", nil
	}
	questions, err = c.ask()
	var cannot errUnaskable
	if errors.As(err, &cannot) {
		return nil, cannot.why, nil
	}
	return questions, "", err
}

func (c *Case) ask() ([]Question, error) {
	g := &gatherer{seen: map[string]json.RawMessage{}}
	for _, f := range c.inputs() {
		data, err := f.read()
		if err != nil {
			return nil, err
		}
		docs, err := documents(f.name, data)
		if err != nil {
			return nil, err
		}
		for _, doc := range docs {
			if err := g.document(doc); err != nil {
				return nil, err
			}
		}
	}
	return g.questions()
}

// documents are the JSON values in a file.
func documents(name string, data []byte) ([]json.RawMessage, error) {
	if strings.HasSuffix(name, ".gz") {
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err == nil {
			data, err = io.ReadAll(r)
		}
		if err != nil {
			return nil, Unaskable("%s cannot be unpacked", name)
		}
	}
	var docs []json.RawMessage
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	for {
		var doc json.RawMessage
		switch err := d.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return docs, nil
		case err != nil:
			return nil, Unaskable("%s is not plain JSON in UTF-8, which a request has to be", name)
		}
		docs = append(docs, doc)
	}
}

// gatherer collects the resources of a case, including those in CloudEvents.
type gatherer struct {
	all    []Resource
	seen   map[string]json.RawMessage // by type and id
	locals []string                   // pairs of a fullUrl that is no address, and what it stands for
}

type bundleEntry struct {
	FullURL  string          `json:"fullUrl"`
	Resource json.RawMessage `json:"resource"`
	Request  struct {
		Method string `json:"method"`
	} `json:"request"`
}

func (g *gatherer) document(doc json.RawMessage) error {
	var head struct {
		ResourceType string        `json:"resourceType"`
		ID           string        `json:"id"`
		Status       string        `json:"status"`
		Entry        []bundleEntry `json:"entry"`

		SpecVersion string          `json:"specversion"`
		Data        json.RawMessage `json:"data"`
	}
	var text string
	switch {
	case json.Unmarshal(doc, &head) != nil:
		return Unaskable("an input is no FHIR resource")
	case head.SpecVersion != "" && json.Unmarshal(head.Data, &text) == nil:
		return g.document(json.RawMessage(text))
	case head.SpecVersion != "" && len(head.Data) > 0:
		return g.document(head.Data)
	case head.ResourceType == "":
		return Unaskable("an input is no FHIR resource")
	}
	if head.ResourceType == "Bundle" {
		return g.bundle(head.Entry)
	}
	key := head.ResourceType + "/" + head.ID
	if known, twice := g.seen[key]; twice && head.ID != "" {
		if !bytes.Equal(canonical(known), canonical(doc)) {
			return Unaskable("it has several versions of a %s, and a request holds one", head.ResourceType)
		}
		return nil
	}
	g.seen[key] = doc
	g.all = append(
		g.all,
		Resource{
			Type:  head.ResourceType,
			ID:    head.ID,
			JSON:  doc,
			Draft: head.ResourceType == "MedicationRequest" && head.Status == "draft",
		},
	)
	return nil
}

func (g *gatherer) bundle(entries []bundleEntry) error {
	for _, e := range entries {
		switch e.Request.Method {
		case "DELETE", "PATCH":
			return Unaskable("it has a %s, and a request holds only what there is", e.Request.Method)
		}
		if len(e.Resource) == 0 {
			continue
		}
		var head struct {
			ResourceType string `json:"resourceType"`
			ID           string `json:"id"`
		}
		_ = json.Unmarshal(e.Resource, &head) // document reports if it cannot be read
		if strings.HasPrefix(e.FullURL, "urn:") {
			if head.ID == "" {
				head.ID = e.FullURL[strings.LastIndexByte(e.FullURL, ':')+1:]
				e.Resource = withID(e.Resource, head.ID)
			}
			g.locals = append(g.locals, `"`+e.FullURL+`"`, `"`+head.ResourceType+"/"+head.ID+`"`)
		}
		if err := g.document(e.Resource); err != nil {
			return err
		}
	}
	return nil
}

func withID(raw json.RawMessage, id string) json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return raw
	}
	object["id"], _ = json.Marshal(id)
	out, err := json.Marshal(object)
	if err != nil {
		return raw
	}
	return out
}

// canonical is a document without white space and with sorted names.
func canonical(raw json.RawMessage) []byte {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return raw
	}
	out, err := json.Marshal(v)
	if err != nil {
		return raw
	}
	return out
}

// questions sorts the resources by patient. Those that name none, such as a Medication, go with
// every question.
func (g *gatherer) questions() ([]Question, error) {
	local := strings.NewReplacer(g.locals...)
	byPatient := map[string][]Resource{}
	var patients []string
	var shared []Resource
	for _, r := range g.all {
		r.JSON = json.RawMessage(local.Replace(string(r.JSON)))
		p := patientOf(&r)
		if p == "" {
			shared = append(shared, r)
			continue
		}
		if byPatient[p] == nil {
			patients = append(patients, p)
		}
		byPatient[p] = append(byPatient[p], r)
	}
	if len(patients) == 0 {
		return nil, Unaskable("no patient is named in it")
	}
	slices.Sort(patients)
	var out []Question
	for _, p := range patients {
		out = append(out, Question{Patient: p, Resources: append(byPatient[p], shared...)})
	}
	return out, nil
}

// patientOf is the patient a resource names by a reference with a type; addresses are cut to their
// end.
func patientOf(r *Resource) string {
	var in struct {
		Subject struct {
			Reference string `json:"reference"`
		} `json:"subject"`
		Patient struct {
			Reference string `json:"reference"`
		} `json:"patient"`
	}
	_ = json.Unmarshal(r.JSON, &in) // one of another shape names nobody
	ref := in.Subject.Reference
	switch {
	case r.Type == "Patient":
		ref = "Patient/" + r.ID
	case ref == "":
		ref = in.Patient.Reference
	}
	ref, _, _ = strings.Cut(ref, "/_history/")
	i := strings.LastIndex(ref, "Patient/")
	if i < 0 {
		return ""
	}
	return string(facts.Ref(ref[i:]))
}

// move shifts the dates of a question.
func (q *Question) move(days int) {
	for i := range q.Resources {
		q.Resources[i].JSON = moveDates(q.Resources[i].JSON, days)
	}
}

// RunVia asks a service. why says why the case was not asked, or its answer not compared.
func (c *Case) RunVia(ctx context.Context, s Service, asOf time.Time) (g *Got, why string, err error) {
	questions, why, err := c.questions()
	if why != "" || err != nil {
		return nil, why, err
	}
	asOf = c.at(asOf, nil)
	g = &Got{AsOf: asOf, Rejected: map[string]int{}, Why: map[Flag]string{}}
	moved, moves := s.(Moved)
	for i := range questions {
		if moves {
			questions[i].move(moved.days(asOf))
		}
		a, err := s.Ask(ctx, &questions[i])
		if errors.As(err, new(errUnaskable)) {
			return nil, err.Error(), nil
		}
		if err != nil {
			return nil, "", err
		}
		if !moves && !a.AsOf.IsZero() {
			if !c.meets(a.AsOf, asOf) {
				return nil, c.otherTime(a.AsOf, asOf), nil
			}
			g.AsOf = a.AsOf.UTC()
		}
		g.Flags = append(g.Flags, a.Flags...)
		g.said = append(g.said, a.Said...)
	}
	slices.SortFunc(g.Flags, compareFlags)
	c.nameIngredients(g)
	return g, "", nil
}

// meets tells whether what a service decides at a time is what the case tests. A case that states a
// day, or nothing, is about that day (in UTC), whatever the time of it.
func (c *Case) meets(served, asOf time.Time) bool {
	if _, err := time.Parse(time.RFC3339, c.AsOf); err == nil {
		return served.Equal(asOf)
	}
	return served.UTC().Format(time.DateOnly) == asOf.UTC().Format(time.DateOnly)
}

// otherTime says why the answer of a service is not compared, and the way out.
func (c *Case) otherTime(served, asOf time.Time) string {
	theirs, ours := served.UTC().Format(time.RFC3339), asOf.UTC().Format(time.RFC3339)
	own := "test with --as-of " + theirs
	if c.AsOf != "" {
		own = "state as-of " + theirs + " in the case"
	}
	return fmt.Sprintf(
		"the service decides as of %s, the case as of %s: start it with rlsguard serve --as-of %s, or %s "+
			"(--move-dates if its clock runs)",
		theirs, ours, ours, own,
	)
}

// nameIngredients gives flags of any ingredient one that is expected and missing.
func (c *Case) nameIngredients(g *Got) {
	have := bySeverity(g.Flags)
	for i := range g.Flags {
		f := &g.Flags[i]
		if f.Ingredient != AnyIngredient {
			continue
		}
		for _, want := range c.Want.Flags {
			if _, taken := have[want.key()]; want.Patient == f.Patient && want.Check == f.Check && !taken {
				f.Ingredient = want.Ingredient
				have[f.key()] = f.Severity
				break
			}
		}
	}
	slices.SortFunc(g.Flags, compareFlags)
}
