package fhir

import (
	"bytes"

	"github.com/rlsguard/rlsguard/checks/facts"
)

// method is the HTTP method of a Bundle entry's request, "" if it has none.
func (d *decoder) method(n *node) (method string) {
	if n.parameter || n.entry.request == 0 || d.b[n.entry.request] != '{' {
		return ""
	}
	o := d.object(int(n.entry.request))
	for d.more(&o) {
		if o.name == nMethod && d.b[o.v] == '"' {
			switch t := d.text(o.v); {
			case len(t) == len("DELETE") && bytes.EqualFold(t, []byte("DELETE")):
				method = "DELETE"
			case len(t) == len("PATCH") && bytes.EqualFold(t, []byte("PATCH")):
				method = "PATCH"
			}
		}
	}
	return method
}

func (d *decoder) requestURL(n *node) (url []byte) {
	o := d.object(int(n.entry.request))
	for d.more(&o) {
		if o.name == nURL && d.b[o.v] == '"' {
			url = bytes.Clone(d.text(o.v))
		}
	}
	return url
}

// requestType is the resource type a request URL is about, with or without an id or a search.
func requestType(url []byte) (kind, string) {
	url, _, _ = bytes.Cut(url, []byte("?"))
	for len(url) > 0 {
		i := bytes.LastIndexByte(url, '/')
		if k, name := kindOf(url[i+1:]); k != kindUnknown {
			return k, name
		}
		url = url[:max(i, 0)]
	}
	return kindUnknown, ""
}

// patch rejects a change sent without the resource: only the server knows the result.
func (d *decoder) patch(n *node, res *Resource) {
	if k, name := requestType(d.requestURL(n)); k.kept() {
		res.Type = name
		d.fail(int(n.start), unsupportedOperation, "a PATCH: send the whole resource as it is now")
	}
}

// deletion makes a mark of the resource that a DELETE entry names. Conditional deletions name none,
// and only the server knows what they hit, so they are rejected if they may hit relevant resources.
func (d *decoder) deletion(n *node, res *Resource) {
	url := d.requestURL(n)
	var r reference
	d.resolve(url, &r)
	k := types[r.typ].kind
	switch {
	case d.rejection != nil || r.badID || r.local:
		return
	case r.ref == "":
		if k, name := requestType(url); k.kept() && bytes.IndexByte(url, '?') >= 0 {
			res.Type = name
			d.fail(int(n.start), unsupportedOperation, "a conditional DELETE: send one for each resource")
		}
		return
	case !k.kept():
		return
	}
	mark(res, facts.MarkDeleted)
	res.Type = r.typ
	res.Fact.Ref = r.ref
	res.Fact.Version.Arrival.Entry = res.Entry
	d.response(n, &res.Fact.Version)
}
