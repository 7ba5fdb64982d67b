package fhir

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	samply "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/conditions"
	"github.com/rlsguard/rlsguard/checks/terms/labs"
	"github.com/rlsguard/rlsguard/fhir/datetime"
)

// digest is what two readers must agree on for a resource.
type digest struct {
	Ref, Patient, MedicationRef string
	Status                      any
	Codes, Names, Reasons       []string
	Doses                       []facts.Quantity
	Times                       [3]moment.Time
	Value                       facts.Quantity
	Text                        string
}

// TestAgreesWithAnotherReader compares every resource of the samples and of testdata with samply's
// models and encoding/json.
func TestAgreesWithAnotherReader(t *testing.T) {
	dirs := []string{"testdata", "issue/testdata"}
	if dir := os.Getenv("RLSGUARD_CORPUS"); dir != "" {
		dirs = append(dirs, dir)
	}
	agreed := map[string]int{}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.Contains(path, ".json") && !strings.Contains(path, ".ndjson") {
				return err
			}
			for _, doc := range documents(t, path) {
				compare(t, path, doc, agreed)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("agreed on %v", agreed)
	for _, typ := range []string{"MedicationRequest", "Observation", "Condition", "Patient"} {
		if agreed[typ] == 0 {
			t.Errorf("no %s was compared", typ)
		}
	}
}

func documents(tb testing.TB, path string) [][]byte {
	b := corpusFile(tb, path)
	if strings.Contains(path, ".ndjson") {
		return slices.Collect(func(yield func([]byte) bool) {
			for line := range strings.Lines(string(b)) {
				if !yield([]byte(line)) {
					return
				}
			}
		})
	}
	return [][]byte{b}
}

func compare(t *testing.T, path string, doc []byte, agreed map[string]int) {
	plain := naive{targets: map[string]string{}}
	if json.Unmarshal([]byte(strings.TrimPrefix(string(doc), utf8BOM)), new(any)) == nil {
		plain.walk([]byte(strings.TrimPrefix(string(doc), utf8BOM)), "")
	}
	got := read(t, string(doc))
	for i, r := range got {
		if !r.Relevant || r.Fact.Kind == facts.KindMark || i >= len(plain.list) {
			continue
		}
		if len(got) != len(plain.list) {
			t.Errorf("%s: %d events, the other reader finds %d", path, len(got), len(plain.list))
			return
		}
		want, ok := plain.digest(plain.list[i])
		if !ok {
			continue
		}
		if want.Ref == "" { // known by its content
			want.Ref = string(r.Fact.Ref)
		}
		if diff := cmp.Diff(want, digestOf(r)); diff != "" {
			t.Errorf("%s %s (-other +this):\n%s", path, r.Pointer, diff)
			return
		}
		agreed[r.Type]++
	}
}

func digestOf(r Resource) (d digest) {
	d.Ref, d.Patient = string(r.Fact.Ref), string(r.Patient)
	drug := func(m *facts.Drug) { d.Codes, d.Names = codesOf(m.Codings), sorted(m.Names) }
	switch f := r.Fact; f.Kind {
	case facts.KindOrder:
		o := f.Order
		d.Status, d.MedicationRef, d.Times[0] = o.Status, string(o.MedicationRef), o.Authored
		drug(&o.Drug)
		for _, c := range o.Reasons {
			d.Reasons = append(d.Reasons, append(codesOf(c.Codings), sorted(c.Texts)...)...)
		}
		for _, c := range o.ReasonRefs {
			d.Reasons = append(d.Reasons, string(c))
		}
		for _, g := range o.Dosages {
			d.Doses = append(d.Doses, g.Dose)
		}
	case facts.KindLab:
		d.Status, d.Codes, d.Value = f.Lab.Status, sorted(f.Lab.Loincs), f.Lab.Value.Quantity
		d.Times = [3]moment.Time{f.Lab.Effective.Start, f.Lab.Effective.End, f.Lab.Issued}
		if f.Lab.Value.Kind == facts.TextValue {
			d.Text = f.Lab.Value.Text
		}
	case facts.KindCondition:
		d.Codes, d.Times = codesOf(
			f.Condition.Code.Codings,
		), [3]moment.Time{
			f.Condition.Onset,
			f.Condition.Recorded,
			f.Condition.Abatement,
		}
		d.Status = [2]any{f.Condition.Clinical, f.Condition.Verification}
	case facts.KindMedication:
		drug(f.Medication)
	case facts.KindPatient:
		d.Status, d.Times[0] = f.Person.Sex, f.Person.Birth
	}
	return d
}

func codesOf(list []codes.Coding) (found []string) {
	for _, c := range list {
		found = append(found, c.System+"|"+c.Code)
	}
	return sorted(found)
}

func sorted(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return slices.Sorted(slices.Values(list))
}

// naive is the other reader: the resources of a document in order, and what their fullUrls stand
// for.
type naive struct {
	list    []item
	targets map[string]string // Bundle and fullUrl to reference
}

type item struct {
	raw      json.RawMessage
	typ, ref string
	bundle   string
}

func (n *naive) walk(raw json.RawMessage, bundle string) {
	var head struct {
		ResourceType, ID, Type string
		Entry                  []struct {
			FullURL  string `json:"fullUrl"`
			Resource json.RawMessage
		}
		Parameter []any
	}
	_ = json.Unmarshal(raw, &head)
	switch head.ResourceType {
	case "Bundle":
		if bundle != "" && len(head.Entry) == 0 {
			n.list = append(n.list, item{})
			return
		}
		bundle += "/" + string(rune('a'+len(n.list)%26)) + head.ID
		if !bundleType([]byte(head.Type)) {
			n.list = append(n.list, item{})
			return
		}
		for _, e := range head.Entry {
			if e.Resource == nil {
				n.list = append(n.list, item{})
				continue
			}
			at := len(n.list)
			n.walk(e.Resource, bundle)
			if one := &n.list[at]; len(n.list) == at+1 && one.typ != "" {
				if _, uuid, ok := strings.Cut(e.FullURL, "urn:uuid:"); ok && one.ref == "" {
					one.ref = one.typ + "/" + uuid
				}
				if _, there := n.targets[bundle+e.FullURL]; !there {
					n.targets[bundle+e.FullURL] = one.ref
				}
			}
		}
	case "Parameters":
		before := len(n.list)
		n.parameters(head.Parameter, bundle)
		if len(n.list) == before {
			n.list = append(n.list, item{})
		}
	default:
		it := item{raw: raw, typ: head.ResourceType, bundle: bundle}
		if head.ID != "" {
			it.ref = it.typ + "/" + head.ID
		}
		n.list = append(n.list, it)
	}
}

func (n *naive) parameters(list []any, bundle string) {
	for _, p := range list {
		m, _ := p.(map[string]any)
		if r, ok := m["resource"]; ok {
			raw, _ := json.Marshal(r)
			n.walk(raw, bundle)
		}
		if parts, ok := m["part"].([]any); ok {
			n.parameters(parts, bundle)
		}
	}
}

func (n *naive) follow(r *samply.Reference, bundle string) string {
	if r == nil || r.Reference == nil {
		return ""
	}
	s := *r.Reference
	if t, ok := n.targets[bundle+s]; ok {
		return t
	}
	if strings.HasPrefix(s, "urn:") || strings.HasPrefix(s, "#") {
		return s
	}
	s, _, _ = strings.Cut(s, "/_history/")
	if parts := strings.Split(s, "/"); len(parts) >= 2 {
		return strings.Join(parts[len(parts)-2:], "/")
	}
	return ""
}

func conceptOf(c *samply.CodeableConcept) (found, names []string) {
	if c == nil {
		return nil, nil
	}
	if c.Text != nil {
		names = append(names, strings.TrimSpace(*c.Text))
	}
	for _, one := range c.Coding {
		if one.System != nil && (*one.System == codes.Absent || *one.System == codes.NullFlav) {
			continue
		}
		if one.System != nil && one.Code != nil {
			found = append(found, codes.Canonical(*one.System)+"|"+*one.Code)
		}
		if one.Display != nil {
			names = append(names, strings.TrimSpace(*one.Display))
		}
	}
	slices.Sort(names)
	return sorted(found), slices.DeleteFunc(slices.Compact(names), func(s string) bool { return s == "" })
}

func momentOf(s *string) moment.Time {
	if s == nil {
		return moment.Time{}
	}
	t, _ := datetime.ParseBytes([]byte(*s))
	return t
}

func amount(q *samply.Quantity) (out facts.Quantity) {
	if q == nil {
		return out
	}
	if q.Value != nil {
		out.Value = q.Value.String()
	}
	if q.Comparator != nil {
		out.Comparator = q.Comparator.Code()
	}
	out.Unit, out.Code, out.System = value(q.Unit), value(q.Code), codes.Canonical(value(q.System))
	return out
}

// digest reads one resource; ok is false if samply's models cannot read it, or this test leaves its
// shape to others (contained Medications and reasons).
func (n *naive) digest(it item) (d digest, ok bool) {
	d.Ref = it.ref
	var err error
	switch it.typ {
	case "MedicationRequest", "MedicationDispense", "MedicationStatement":
		ok, err = n.order(it, &d)
	case "Observation":
		var o samply.Observation
		err = json.Unmarshal(it.raw, &o)
		d.Patient, d.Value = n.follow(o.Subject, it.bundle), amount(o.ValueQuantity)
		d.Times = [3]moment.Time{momentOf(o.EffectiveDateTime), {}, momentOf(o.Issued)}
		if o.EffectivePeriod != nil {
			d.Times[0], d.Times[1] = momentOf(o.EffectivePeriod.Start), momentOf(o.EffectivePeriod.End)
		}
		d.Text = strings.TrimSpace(value(o.ValueString))
		found, _ := conceptOf(&o.Code)
		for _, c := range found {
			if code, loinc := strings.CutPrefix(c, codes.LOINC+"|"); loinc &&
				labs.Known([]byte(code)) {
				d.Codes = append(d.Codes, code)
			}
		}
		d.Status = map[string]facts.LabStatus{"final": facts.LabFinal, "amended": facts.LabFinal,
			"corrected": facts.LabFinal, "preliminary": facts.LabPreliminary,
			"registered": facts.LabRegistered, "cancelled": facts.LabCancelled}[o.Status.Code()]
		ok = true
	case "Condition":
		var c samply.Condition
		err = json.Unmarshal(it.raw, &c)
		d.Patient, d.Times = n.follow(
			&c.Subject,
			it.bundle,
		), [3]moment.Time{
			momentOf(c.OnsetDateTime),
			momentOf(c.RecordedDate),
			momentOf(c.AbatementDateTime),
		}
		found, _ := conceptOf(c.Code)
		for _, one := range found {
			system, code, _ := strings.Cut(one, "|")
			if _, known := conditions.Find(codes.Coding{System: system, Code: code}); known {
				d.Codes = append(d.Codes, one)
			}
		}
		clinical, _ := conceptOf(c.ClinicalStatus)
		verification, _ := conceptOf(c.VerificationStatus)
		d.Status = [2]any{clinicalCodes[last(clinical)], verificationCodes[last(verification)]}
		ok = true
	case "Medication":
		var m samply.Medication
		err = json.Unmarshal(it.raw, &m)
		d.Codes, d.Names = conceptOf(m.Code)
		ok = true
	case "Patient":
		var p samply.Patient
		err = json.Unmarshal(it.raw, &p)
		if d.Patient = it.ref; d.Patient == "" {
			return d, false
		}
		d.Times[0], d.Status = momentOf(p.BirthDate), facts.SexUnknown
		if p.Gender != nil {
			d.Status = map[string]facts.Sex{"female": facts.Female, "male": facts.Male,
				"other": facts.SexOther}[p.Gender.Code()]
		}
		ok = true
	}
	return d, ok && err == nil
}

func last(found []string) string {
	if len(found) == 0 {
		return ""
	}
	_, code, _ := strings.Cut(found[len(found)-1], "|")
	return code
}

// order reads the three resources with the model of the first two: they share what is compared.
func (n *naive) order(it item, d *digest) (ok bool, err error) {
	var o samply.MedicationRequest
	if err := json.Unmarshal(it.raw, &o); err != nil {
		return false, err
	}
	var more struct {
		WhenHandedOver, WhenPrepared, EffectiveDateTime, DateAsserted *string
		EffectivePeriod                                               *samply.Period
		Dosage                                                        []samply.Dosage
		Contained                                                     []any
	}
	if err := json.Unmarshal(it.raw, &more); err != nil {
		return false, err
	}
	if more.Contained != nil {
		return false, nil
	}
	d.Patient, d.MedicationRef = n.follow(&o.Subject, it.bundle), n.follow(&o.MedicationReference, it.bundle)
	if d.Codes, d.Names = conceptOf(&o.MedicationCodeableConcept); o.MedicationReference.Display != nil {
		d.Names = append(d.Names, *o.MedicationReference.Display)
	}
	times := []*string{o.AuthoredOn, more.WhenHandedOver, more.WhenPrepared, more.EffectiveDateTime}
	if more.EffectivePeriod != nil {
		times = append(times, more.EffectivePeriod.Start)
	}
	for _, s := range append(times, more.DateAsserted) {
		if d.Times[0].IsZero() {
			d.Times[0] = momentOf(s)
		}
	}
	all := map[string]facts.OrderStatus{}
	for _, m := range orderStatuses {
		maps.Copy(all, m)
	}
	maps.Copy(
		all,
		map[string]facts.OrderStatus{
			"completed": facts.StatusCompleted,
			"on-hold":   facts.StatusOnHold,
			"stopped":   facts.StatusStopped,
		},
	)
	d.Status = all[o.Status]
	for i := range o.ReasonCode {
		found, names := conceptOf(&o.ReasonCode[i])
		d.Reasons = append(append(d.Reasons, found...), names...)
	}
	for i := range o.ReasonReference {
		if ref := n.follow(&o.ReasonReference[i], it.bundle); ref != "" {
			d.Reasons = append(d.Reasons, ref)
		}
		if o.ReasonReference[i].Display != nil {
			return false, nil
		}
	}
	for _, g := range append(o.DosageInstruction, more.Dosage...) {
		d.Doses = append(d.Doses, dose(g))
	}
	return true, nil
}

func dose(g samply.Dosage) (q facts.Quantity) {
	for _, r := range g.DoseAndRate {
		if r.DoseQuantity != nil {
			return amount(r.DoseQuantity)
		}
		if r.DoseRange != nil {
			return amount(r.DoseRange.High)
		}
	}
	return q
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
