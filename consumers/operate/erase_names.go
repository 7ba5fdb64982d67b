package operate

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"regexp"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/fhir"
)

// naming is who and what a message names, wherever in it.
type naming struct {
	patients map[facts.Ref]struct{}
	// unclear: somebody may be named whom nobody can tell from it, such as by an identifier.
	unclear   bool
	resources map[facts.Ref]struct{} // but Medications, which are nobody's
	flags     map[string]struct{}    // ids that look like those of flags
}

var (
	patientName = regexp.MustCompile(`(https?://[^\s"'<>\\]*?/)?\bPatient/([A-Za-z0-9.-]{1,64})`)
	resourceURL = regexp.MustCompile(`^(?:https?://\S+/)?([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?:/_history/\S+)?$`)
	flagName    = regexp.MustCompile(`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	resourceID  = regexp.MustCompile(`^[A-Za-z0-9.-]{1,64}$`)
)

// subjects are the elements that say whom a resource is about.
var subjects = map[string]bool{"subject": true, "patient": true, "beneficiary": true, "for": true}

// namer looks for names. It serves one goroutine at a time.
type namer struct {
	base   string
	reader *fhir.Reader
}

// newNamer makes one. base is that of the own FHIR server: a patient of another one is somebody
// else; "" drops every base, as reading does.
func newNamer(base string) *namer {
	o := fhir.DefaultOptions()
	o.Base = base
	return &namer{base: strings.TrimSuffix(base, "/"), reader: fhir.NewReader(o)}
}

// names looks through a message.
func (r *namer) names(data []byte, h nats.Header) *naming {
	n := &naming{patients: map[facts.Ref]struct{}{}, resources: map[facts.Ref]struct{}{}, flags: map[string]struct{}{}}
	if len(data) == 0 {
		return n
	}
	s := nameScan{naming: n, base: r.base, local: map[string]struct{}{}, entries: map[string]struct{}{}}
	for _, values := range h {
		for _, v := range values {
			s.text(v)
		}
	}
	s.document(data)
	for url := range s.local {
		if _, ok := s.entries[url]; !ok {
			n.unclear = true
		}
	}
	r.reader.Document(data, func(res fhir.Resource) bool {
		if res.Patient != "" {
			n.patients[res.Patient] = struct{}{}
		}
		n.unclear = n.unclear || res.Rejection != nil && res.Rejection.Reason == fhir.NoPatient
		return true
	})
	return n
}

// about tells whether a message names a patient, and nobody else. It names nobody where it only
// names resources that are the patient's: then alone goes by owned.
func (n *naming) about(patient facts.Ref, owned map[facts.Ref]struct{}, flags []string) (named, alone bool) {
	if len(n.patients) > 0 {
		_, named = n.patients[patient]
		return named, named && len(n.patients) == 1 && !n.unclear
	}
	mine := 0
	for ref := range n.resources {
		if _, ok := owned[ref]; ok {
			mine++
		}
	}
	others := len(n.resources) - mine
	if mine == 0 {
		for _, id := range flags {
			if _, ok := n.flags[id]; ok {
				mine, others = 1, 0 // the answer to a flag has an id of its own
			}
		}
	}
	return mine > 0, mine > 0 && others == 0 && !n.unclear
}

// nameScan walks over JSON, whatever it is. Names that come twice are both seen.
type nameScan struct {
	*naming
	base    string
	local   map[string]struct{} // references to subjects that hold within the document
	entries map[string]struct{} // what patients in it are called by those
	depth   int                 // of documents in documents
}

// element is an object that is open.
type element struct {
	list     bool
	name     string // of the member that comes next
	atValue  bool
	about    bool // it says whom a resource is about
	referred bool
	kind, id string
	url      string // of an entry, and
	patient  bool   // that it holds a patient
}

// mostEnvelopes bounds documents in strings of documents.
const mostEnvelopes = 4

func (s *nameScan) document(data []byte) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	d.UseNumber()
	var open []element
	for {
		t, err := d.Token()
		if err == io.EOF && len(open) == 0 {
			return
		}
		if err != nil {
			// What cannot be read may name others in the part that is missing.
			s.unclear = true
			s.text(string(data))
			s.text(strings.ReplaceAll(string(data), `\/`, "/"))
			return
		}
		open = s.token(open, t)
	}
}

func (s *nameScan) token(open []element, t json.Token) []element {
	in := &element{list: true}
	if len(open) > 0 {
		in = &open[len(open)-1]
	}
	if key, ok := t.(string); ok && !in.list && !in.atValue {
		s.text(key)
		in.name, in.atValue = key, true
		return open
	}
	in.atValue = false
	switch v := t.(type) {
	case json.Delim:
		if v == '}' || v == ']' {
			s.closed(in)
			if n := len(open) - 2; n >= 0 && in.kind == "Patient" {
				open[n].patient = true
			}
			return open[:len(open)-1]
		}
		about := !in.list && subjects[in.name] || in.list && in.about
		return append(open, element{list: v == '[', name: in.name, about: about})
	case string:
		s.value(in, v)
	case json.Number:
		s.unclear = s.unclear || in.name == "id" && in.kind == "Patient"
	}
	return open
}

// value takes in a string under the name of a member.
func (s *nameScan) value(in *element, v string) {
	s.text(v)
	if in.list {
		return
	}
	switch in.name {
	case "resourceType":
		in.kind = v
	case "id":
		in.id = v
	case "reference":
		s.reference(in, v)
	case "url", "fullUrl":
		if in.name == "fullUrl" {
			in.url = v
		}
		if m := resourceURL.FindStringSubmatch(v); m != nil {
			s.resource(facts.Ref(m[1]))
		}
	case "data", "data_base64":
		s.inner(in.name, v)
	}
}

// reference takes in who a resource is about.
func (s *nameScan) reference(in *element, v string) {
	if !in.about {
		return
	}
	in.referred = true
	switch {
	case patientName.MatchString(v):
	case strings.HasPrefix(v, "urn:"):
		s.local[v] = struct{}{}
	case resourceURL.MatchString(v): // a group, a place
	default:
		s.unclear = true
	}
}

// closed takes in an object that has ended.
func (s *nameScan) closed(e *element) {
	if e.patient && e.url != "" {
		s.entries[e.url] = struct{}{}
	}
	switch {
	case e.list:
	case e.about && !e.referred:
		s.unclear = true
	case e.kind == "Patient" && resourceID.MatchString(e.id):
		s.patients[facts.Ref("Patient/"+e.id)] = struct{}{}
	case e.kind == "Patient":
		s.unclear = true
	case e.kind != "" && resourceID.MatchString(e.id):
		s.resource(facts.Ref(e.kind + "/" + e.id))
	}
}

func (s *nameScan) resource(ref facts.Ref) {
	switch ref.Type() {
	case "Medication", "Bundle", "Parameters", "Patient":
		return
	}
	s.resources[ref] = struct{}{}
}

// inner looks into a document that a CloudEvent carries in a string.
func (s *nameScan) inner(name, v string) {
	v = strings.TrimSpace(v)
	data := []byte(v)
	if name == "data_base64" {
		var err error
		if data, err = base64.StdEncoding.DecodeString(v); err != nil {
			s.unclear = true
			return
		}
	} else if !strings.HasPrefix(v, "{") {
		return
	}
	if s.depth == mostEnvelopes {
		s.unclear = true
		return
	}
	s.depth++
	s.document(data)
	s.depth--
}

// text takes in whom a text names anywhere.
func (s *nameScan) text(v string) {
	for _, m := range patientName.FindAllStringSubmatch(v, -1) {
		ref := facts.Ref("Patient/" + m[2])
		if own := strings.TrimSuffix(m[1], "/"); own != "" && s.base != "" && own != s.base {
			ref = facts.Ref(m[1]) + ref
		}
		s.patients[ref] = struct{}{}
	}
	for _, id := range flagName.FindAllString(v, -1) {
		s.flags[id] = struct{}{}
	}
}

// own adds the resources of a message to those that are a patient's.
func (n *naming) own(owned map[facts.Ref]struct{}) { maps.Copy(owned, n.resources) }
