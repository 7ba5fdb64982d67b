package issue

import (
	"cmp"
	"strings"
)

// part is a value of a complex extension, or an extension in it.
type part struct {
	url, value string // value is a type of FHIR
	max        string
	binding    string // id of a value set
	about      string
	parts      []part
}

// extensionRow defines an extension: with one value, of one of the types, or with parts.
type extensionRow struct {
	id, about string
	values    []string
	binding   string // id of a value set
	parts     []part
	in        []string // elements that it may stand in; "" the DetectedIssue
	max       string   // in a flag; "" once
}

var (
	onFlag   = []string{"DetectedIssue"}
	onAnswer = []string{"DetectedIssue.mitigation"}
	onBoth   = []string{"DetectedIssue", "DetectedIssue.mitigation"}
)

func limitParts() []part {
	return []part{
		{url: "comparator", value: "string", about: "<=, >= or >; absent where any usable value will do."},
		{url: "value", value: "string", about: "A decimal number."},
		{url: "unit", value: "string", about: "UCUM."},
	}
}

var extensionTable = []extensionRow{
	{id: "basis", in: onBoth, values: []string{"string"}, about: "Short hash of what the flag rests on. " +
		"Whoever answers the flag sends it back; the answer holds while the flag has the same basis."},
	{id: "state", in: onFlag, values: []string{"code"}, binding: "state",
		about: "Whether it is open, and was answered."},
	{id: "change", in: onFlag, values: []string{"code"}, binding: "change", about: "What happened to it."},
	{id: "number", in: onFlag, values: []string{"unsignedInt", "decimal"},
		about: "Counts the transitions of the flag and is never used twice. A decimal beyond 2147483647."},
	{id: "reason", in: onFlag, values: []string{"code"}, binding: "reason", about: "Why it was resolved."},
	{id: "rls-status", in: onFlag, values: []string{"code"}, binding: "rls-status", about: "How certain RLS is."},
	{id: "ingredient", in: onFlag, values: []string{"string"},
		about: "The drug that it is about, as the tables name it."},
	{id: "action", in: onFlag, values: []string{"string"}, about: "The part of detail that says what to do."},
	{id: "alternative", in: onFlag, max: "*", values: []string{"string"},
		about: "What could be given instead, in order."},
	{id: "citation", in: onFlag, max: "*", about: "Where it is from, in order.", parts: []part{
		{url: "source", value: "string", about: "A guideline, label or paper."},
		{url: "doi", value: "string", about: "Its DOI."},
		{url: "strength", value: "string", about: "How strong it calls its advice."},
		{url: "review", value: "string", about: "How far a clinician has reviewed the rule."},
	}},
	{id: "next", in: onFlag, about: "What time alone changes first.", parts: []part{
		{url: "at", value: "dateTime", about: "When: a date begins in the zone of the site."},
		{url: "to", value: "code", binding: "next-to", about: "What becomes of it then."},
	}},
	{id: "ruleset", in: onFlag, values: []string{"string"}, about: "Hash of tables, rules, texts and settings."},
	{id: "order", in: onFlag, max: "*", about: "What an implicated order says, in order.", parts: []part{
		{url: "ref", value: "string", about: "Reference of the order."},
		{url: "product", value: "string", about: "As it was sent, else by the tables; shortened."},
		{url: "dose", value: "string", about: "By structured dosage alone."},
		{url: "since", value: "string", about: "A date."},
	}},
	{id: "counsel", in: onFlag, max: "*", values: []string{"string"},
		about: "Advice that is the same for every flag of the patient: show it once."},
	{id: "audience", in: onFlag, values: []string{"code"}, binding: "audience",
		about: "patient, where the texts are plain words."},
	{id: "clears", in: onFlag, max: "*", about: "A single change after which the flag would not be open, " +
		"tried on what was known at identifiedDateTime. It is no instruction.", parts: []part{
		{url: "change", value: "code", binding: "clears-change", about: "Its kind."},
		{url: "target", value: "string", max: "*", about: "A resource that would say something else."},
		{url: "drug", value: "string", about: "Ingredient of the orders."},
		{url: "result", max: "*", about: "A result of the draw; all of them are needed.",
			parts: append([]part{{url: "analyte", value: "string", about: "What is measured."}}, limitParts()...)},
		{url: "from", value: "string", about: "First day of a draw that counts."},
		{url: "days", value: "unsignedInt", about: "So long a result counts, or a drug after its end."},
		{url: "wanted", value: "boolean", about: "The flag is open because this result is missing, old or unusable."},
		{url: "dose", about: "The daily dose.", parts: limitParts()},
		{url: "value", value: "code", about: "Unit (UCUM), route, reason (SNOMED CT) or status."},
		{url: "opens", value: "code", max: "*", binding: "check",
			about: "A check that would open, or be worse, instead."},
		{url: "text", value: "string", about: "The change in words."},
	}},
	{id: "clears-cut", in: onFlag, values: []string{"boolean"},
		about: "true: there were more changes to try than were tried."},
	{id: "acknowledged-flag", in: onAnswer, values: []string{"string"},
		about: "The flag id that the answer named. It says that rlsguard wrote the mitigation; leave it out " +
			"of answers of your own."},
	{id: "override", in: onBoth, values: []string{"boolean"},
		about: "true: the flag is overridden. It need not be said where the code of mitigation.action is " +
			"there and not noted."},
	{id: "local-date", in: onBoth, values: []string{"string"},
		about: "mitigation.date where it has a time of day without an offset, which FHIR does not know."},
	{id: "answer-comment", in: onBoth, values: []string{"string"},
		about: "What whoever answered wrote beside the reason."},
	{id: "until", in: onBoth, values: []string{"dateTime", "string"},
		about: "Up to when the answer holds, a date to its end. A string where it has a time of day without " +
			"an offset."},
}

type elementType struct {
	Code    string   `json:"code"`
	Profile []string `json:"profile,omitempty"`
}

type discriminator struct {
	Type string `json:"type"`
	Path string `json:"path"`
}

type slicing struct {
	Discriminator []discriminator `json:"discriminator"`
	Rules         string          `json:"rules"`
}

type elementBase struct {
	Path string `json:"path"`
	Min  int    `json:"min"`
	Max  string `json:"max"`
}

type constraint struct {
	Key        string `json:"key"`
	Severity   string `json:"severity"`
	Human      string `json:"human"`
	Expression string `json:"expression"`
}

type binding struct {
	Strength string `json:"strength"`
	ValueSet string `json:"valueSet"`
}

type element struct {
	ID         string        `json:"id"`
	Path       string        `json:"path"`
	SliceName  string        `json:"sliceName,omitempty"`
	Slicing    *slicing      `json:"slicing,omitempty"`
	Short      string        `json:"short,omitempty"`
	Definition string        `json:"definition,omitempty"`
	Min        *int          `json:"min,omitempty"`
	Max        string        `json:"max,omitempty"`
	Base       *elementBase  `json:"base,omitempty"`
	Type       []elementType `json:"type,omitempty"`
	FixedURI   string        `json:"fixedUri,omitempty"`
	Concept    any           `json:"patternCodeableConcept,omitempty"`
	Constraint []constraint  `json:"constraint,omitempty"`
	Binding    *binding      `json:"binding,omitempty"`
}

type elements struct {
	Element []element `json:"element"`
}

type useContext struct {
	Type       string `json:"type"`
	Expression string `json:"expression"`
}

type structureDefinition struct {
	head
	FHIRVersion    string       `json:"fhirVersion"`
	Kind           string       `json:"kind"`
	Abstract       bool         `json:"abstract"`
	Context        []useContext `json:"context,omitempty"`
	Type           string       `json:"type"`
	BaseDefinition string       `json:"baseDefinition"`
	Derivation     string       `json:"derivation"`
	Snapshot       *elements    `json:"snapshot,omitempty"`
	Differential   elements     `json:"differential"`
}

const hl7Structures = "http://hl7.org/fhir/StructureDefinition/"

func byURL() *slicing { return &slicing{[]discriminator{{"value", "url"}}, "open"} }

func (e *extensionRow) structure() *structureDefinition {
	title := strings.ToUpper(e.id[:1]) + strings.ReplaceAll(e.id[1:], "-", " ")
	d := &structureDefinition{
		head: headOf("StructureDefinition", e.id, title, e.about), FHIRVersion: "4.0.1", Kind: "complex-type",
		Type: "Extension", BaseDefinition: hl7Structures + "Extension", Derivation: "constraint",
	}
	for _, in := range e.in {
		d.Context = append(d.Context, useContext{"element", in})
	}
	root := element{ID: "Extension", Path: "Extension", Short: title, Definition: e.about, Min: new(int), Max: "*",
		Base: &elementBase{"Extension", 0, "*"}}
	list := append([]element{root}, inside("Extension", structures+e.id, e.values, e.binding, e.parts)...)
	d.Snapshot, d.Differential = &elements{list}, elements{list}
	return d
}

// baseWords say what the elements of an extension are.
var baseWords = map[string]string{
	"id": "Id for references inside the resource.", "extension": "Its parts, by url.",
	"url": "Which extension, or part of one, this is.", "value[x]": "Its value.",
}

// inside are the elements of an extension: its id, its parts or none, its url, its value or none.
func inside(id, url string, values []string, bound string, parts []part) []element {
	at := func(name, max string, min int, base elementBase, types ...elementType) element {
		return element{
			ID: id + "." + name, Path: pathOf(id) + "." + name, Definition: baseWords[name], Min: &min, Max: max,
			Base: &base,
			Type: types,
		}
	}
	list := []element{at("id", "1", 0, elementBase{"Element.id", 0, "1"}, elementType{Code: "string"})}
	extension := at("extension", cmp.Or(map[bool]string{len(parts) == 0: "0"}[true], "*"), 0,
		elementBase{"Element.extension", 0, "*"}, elementType{Code: "Extension"})
	if len(parts) > 0 {
		extension.Slicing = byURL()
	}
	list = append(list, extension)
	for _, p := range parts {
		slice := at("extension", cmp.Or(p.max, "1"), 0, elementBase{"Element.extension", 0, "*"},
			elementType{Code: "Extension"})
		slice.ID, slice.SliceName, slice.Definition = slice.ID+":"+p.url, p.url, p.about
		var value []string
		if p.value != "" {
			value = []string{p.value}
		}
		list = append(append(list, slice), inside(slice.ID, p.url, value, p.binding, p.parts)...)
	}
	address := at("url", "1", 1, elementBase{"Extension.url", 1, "1"}, elementType{Code: "uri"})
	address.FixedURI = url
	value := at("value[x]", "1", 1, elementBase{"Extension.value[x]", 0, "1"})
	for _, v := range values {
		value.Type = append(value.Type, elementType{Code: v})
	}
	if len(values) == 0 {
		value.Min, value.Max, value.Type = new(int), "0", []elementType{{Code: "string"}}
	}
	if bound != "" {
		value.Binding = &binding{"required", valueSetURL(bound)}
	}
	return append(list, address, value)
}

// pathOf is the id of an element without the names of slices.
func pathOf(id string) string {
	parts := strings.Split(id, ".")
	for i := range parts {
		parts[i], _, _ = strings.Cut(parts[i], ":")
	}
	return strings.Join(parts, ".")
}

func count(n int) *int { return &n }

// extended are slices for the extensions that an element of a flag may have.
func extended(path string, rows func(*extensionRow) bool) []element {
	list := []element{{ID: path + ".extension", Path: path + ".extension", Slicing: byURL()}}
	for i := range extensionTable {
		if e := &extensionTable[i]; rows(e) {
			list = append(list, element{
				ID: path + ".extension:" + e.id, Path: path + ".extension", SliceName: e.id, Min: new(int),
				Max: cmp.Or(e.max, "1"), Type: []elementType{{"Extension", []string{structures + e.id}}},
			})
		}
	}
	return list
}

func profile(id, title, about string, list ...element) *structureDefinition {
	d := &structureDefinition{
		head: headOf("StructureDefinition", id, title, about), FHIRVersion: "4.0.1", Kind: "resource",
		Type: "DetectedIssue", BaseDefinition: hl7Structures + "DetectedIssue", Derivation: "constraint",
	}
	d.Differential.Element = list
	return d
}

func on(path string, min int, max string) element {
	return element{ID: path, Path: path, Min: count(min), Max: max}
}

// hasExtension is FHIRPath: an extension has a value.
func hasExtension(url, value string) string {
	return "extension('" + url + "').where(value = '" + value + "').exists()"
}

// flagProfile is what every flag is.
func flagProfile() *structureDefinition {
	root := element{ID: "DetectedIssue", Path: "DetectedIssue", Constraint: []constraint{
		{"rlsguard-1", "error", "A flag is gone, by its status, when and only when it is resolved or has moved.",
			"(status = 'cancelled' or status = 'entered-in-error') = (" + hasExtension(extState,
				"resolved") + " or " +
				hasExtension(extChange, "moved") + ")"},
		{"rlsguard-2", "error", "The id is the flag id.", "id = identifier.where(system = " +
			"'" + FlagIDSystem + "').value"},
		{"rlsguard-3", "error", "Only a resolved flag has a reason.",
			"extension('" + extReason + "').exists() = " + hasExtension(extState, "resolved")},
	}}
	status := on("DetectedIssue.status", 1, "1")
	status.Constraint = []constraint{{"rlsguard-4", "error", "A flag is final or amended while it is open, " +
		"else cancelled or entered-in-error.", "$this in ('final' | 'amended' | 'cancelled' | 'entered-in-error')"}}
	code := on("DetectedIssue.code", 1, "1")
	code.Concept = map[string]any{"coding": []map[string]string{{"system": CheckSystem}}}
	onFlagAlone := func(e *extensionRow) bool {
		return e.in[0] == "DetectedIssue" && (len(e.in) == 1 || e.id == "basis")
	}
	list := append([]element{root, on("DetectedIssue.id", 1, "1")}, extended("DetectedIssue", onFlagAlone)...)
	list = append(list, on("DetectedIssue.identifier", 1, "1"), status, code, on("DetectedIssue.severity", 1,
		"1"), on("DetectedIssue.patient", 1, "1"),
		on("DetectedIssue.identified[x]", 1, "1"), on("DetectedIssue.mitigation", 0, "1"))
	list = append(list, extended("DetectedIssue.mitigation", func(e *extensionRow) bool {
		return e.in[len(e.in)-1] == "DetectedIssue.mitigation"
	})...)
	return profile("flag", "Flag", "What rlsguard publishes on rls.flags: a finding about a medicine or an "+
		"iron result of a "+
		"person with restless legs syndrome.", list...)
}

// answerProfile is what an answer to a flag has to be.
func answerProfile() *structureDefinition {
	root := element{ID: "DetectedIssue", Path: "DetectedIssue", Constraint: []constraint{
		{"rlsguard-5", "error", "It names a flag.", "identifier.where(system = " +
			"'" + FlagIDSystem + "').value.exists()"},
	}}
	list := []element{root, on("DetectedIssue.identifier", 1, "*"), on("DetectedIssue.patient", 1, "1"),
		on("DetectedIssue.mitigation", 1, "*")}
	return profile("answer", "Answer to a flag", "What acknowledges or overrides a flag when it is published on "+
		"fhir.DetectedIssue. The last mitigation counts.", list...)
}
