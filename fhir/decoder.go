package fhir

import (
	"hash/maphash"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
)

// offsets are the places of an object's values by name; 0 is absent, since no value is at the start
// of a document.
type offsets [nameCount]uint32

// decoder is the second pass: it reads the resources the index has found.
type decoder struct {
	options *Options
	index   *index
	b       []byte
	pos     int // offset after the last value read
	at      offsets
	node    *node
	base    string // base URL of this resource's relative references; "" is the own server

	rejection   *Rejection
	rejectionAt int
	gaps        []gap // unreadable places

	codings slab[codes.Coding]
	strings slab[string]

	scratchConcept concept
	scratchDosages []facts.Dosage
	scratchStrings []string

	scratch  []byte
	folded   []byte // a URN in lower case
	seed     maphash.Seed
	interned [internSlots]string
	verdicts [512]verdict
	targets  map[uint64]int32  // nodes by Bundle and fullUrl; filled on demand
	aimed    bool              // targets is filled
	inside   map[string]uint32 // contained resources by id; nil until needed
	reads    int               // look-ups in inside
}

const internSlots = 4096

func (d *decoder) init(o *Options) {
	d.options, d.seed, d.targets = o, maphash.MakeSeed(), make(map[uint64]int32)
}

func (d *decoder) begin(x *index) {
	d.index, d.b, d.aimed = x, x.B, false
}

func (d *decoder) decode(n *node, res *Resource) {
	if n.rejection != nil {
		res.Rejection = n.rejection
		d.place(n, res, int(n.place))
		return
	}
	d.node, d.rejection, d.pos, d.inside, d.reads, d.gaps = n, nil, 0, nil, 0, d.gaps[:0]
	d.base = d.nodeBase(n)
	switch method := d.method(n); {
	case method == "DELETE":
		d.deletion(n, res)
	case method == "PATCH":
		d.patch(n, res)
	case n.empty && n.kind.kept():
		d.soundID(n) // it says nothing, but its identity must be sound
	case n.kind.kept():
		d.resource(n, res)
	case n.kind == kindForeign:
		d.fail(int(n.start), UnsupportedVersion, "a resource type not in FHIR R4")
	}
	if d.rejection != nil {
		*res = Resource{Entry: res.Entry, Pointer: res.Pointer, Type: res.Type, Rejection: d.rejection}
		d.place(n, res, d.rejectionAt)
		return
	}
	d.tell(res)
}

// place completes the pointer of a rejection, from the resource on, so that many bad entries do not
// cost the square of their number.
func (d *decoder) place(n *node, res *Resource, at int) {
	rest := ""
	if at > int(n.start) {
		rest = pointerAt(d.b, int(n.start), at)
	}
	res.Rejection.Pointer = res.Pointer + rest
}

func (d *decoder) nodeBase(n *node) string {
	if d.options.Base == "" || n.entry.fullURL == 0 {
		return ""
	}
	tail, base := splitURL(d.raw(n.entry.fullURL))
	if tail == nil {
		return ""
	}
	return d.foreignBase(base)
}

func (d *decoder) resource(n *node, res *Resource) {
	fields := d.index.fields[n.first : n.first+n.n]
	for _, f := range fields {
		d.at[f.name] = f.at
	}
	defer func() { // cheaper than clearing all of it
		for _, f := range fields {
			d.at[f.name] = 0
		}
	}()
	if d.oldShape(n.kind) {
		return
	}
	f := &res.Fact
	switch n.kind {
	case kindRequest, kindDispense, kindStatement:
		d.order(n.kind, res)
	case kindObservation:
		d.observation(res)
	case kindCondition:
		d.condition(res)
	case kindReport:
		d.report(res)
	case kindMedication:
		d.medication(f)
		res.Relevant = true
	case kindPatient:
		d.person(f)
		res.Relevant = true
	case kindDetectedIssue:
		d.acknowledgement(res)
	}
	if !res.Relevant || d.rejection != nil {
		return
	}
	d.version(f, n)
	if f.Kind == facts.KindLab {
		notAfter(f.Lab, f.Version.Updated)
		for i := range f.Lab.Results {
			notAfter(&f.Lab.Results[i], f.Version.Updated)
		}
	}
	f.Ref = d.own(n)
	if n.kind == kindPatient {
		res.Patient = f.Ref
	}
	f.Version.Arrival.Entry = res.Entry
}

// fail records why the resource is rejected; the first reason stays.
func (d *decoder) fail(at int, reason Reason, detail string) {
	if d.rejection == nil {
		d.rejection, d.rejectionAt = &Rejection{Reason: reason, Detail: detail}, at
	}
}

// invalid rejects the resource for its identity or for a limit.
func (d *decoder) invalid(at int, detail string) { d.fail(at, InvalidResource, detail) }

// keep copies text out of the document. Recurring texts (system URLs, units, codes, displays) are
// copied once.
func (d *decoder) keep(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > 64 {
		return string(b)
	}
	slot := &d.interned[maphash.Bytes(d.seed, b)%internSlots]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}
