package fhir

import (
	"bytes"

	"github.com/rlsguard/rlsguard/checks"
)

// isDeletion tells that n is a Bundle entry that reports a DELETE.
func (d *decoder) isDeletion(n *node) bool {
	if n.parameter || n.entry.request == 0 || d.b[n.entry.request] != '{' {
		return false
	}
	del := false
	o := d.object(int(n.entry.request))
	for d.more(&o) {
		if o.name == nMethod && d.b[o.v] == '"' {
			del = string(d.text(o.v)) == "DELETE"
		}
	}
	return del
}

// deletion makes a mark of the resource that a DELETE entry names. Conditional ones name none: which resources they hit only the server knows.
func (d *decoder) deletion(n *node, res *Resource) {
	var url []byte
	o := d.object(int(n.entry.request))
	for d.more(&o) {
		if o.name == nURL {
			url = bytes.Clone(d.text(o.v))
		}
	}
	var r reference
	d.resolve(url, &r)
	if k := types[r.typ].kind; d.rejection != nil || r.badID || r.ref == "" || r.local || !k.kept() {
		return
	}
	mark(res, checks.MarkDeleted)
	res.Type = r.typ
	res.Fact.Ref = r.ref
	res.Fact.Version.Arrival.Entry = res.Entry
	if n.entry.response == 0 {
		return
	}
	o = d.object(int(n.entry.response))
	for d.more(&o) {
		if o.name == nLastModified {
			res.Fact.Version.Updated = d.updated(o.v)
		}
	}
}
