package fhir

import (
	"bytes"
	"hash/maphash"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/fhir/scan"
)

type reference struct {
	ref     facts.Ref // "" if it names nothing that can be followed
	local   bool      // ref is "#id": a contained resource
	badID   bool      // it names an id FHIR does not allow
	open    bool      // an unresolved urn
	typ     string    // type of the resource it leads to, or Reference.type; "" if unknown
	display string
	at      int // offset of the text, or of the Reference
}

// reference reads the Reference at v.
func (d *decoder) reference(v int) (r reference) {
	r.at = v
	typ := ""
	o := d.object(v)
	for d.more(&o) {
		switch o.name {
		case nReference:
			text := d.text(o.v)
			end := d.pos
			r.at = o.v
			d.resolve(text, &r)
			d.pos = end
		case nType:
			_, typ = kindOf(d.text(o.v))
		case nDisplay:
			r.display = d.keepText(d.text(o.v))
		}
	}
	if r.typ == "" {
		r.typ = typ
	}
	return r
}

// ref is the resource named by the Reference at v, "" if it cannot be followed.
func (d *decoder) ref(v int) facts.Ref {
	r := d.reference(v)
	if r.local {
		return d.own(d.node) + r.ref // of this resource only
	}
	return r.ref
}

func (d *decoder) refs(v int) (list []facts.Ref) {
	d.items(v, func(v int) {
		if r := d.ref(v); r != "" {
			list = append(list, r)
		}
	})
	return list
}

// resolve follows the text of a reference: within the Bundle, or to a resource of the own or
// another server.
func (d *decoder) resolve(text []byte, r *reference) {
	switch {
	case len(text) == 0 || len(text) > maxText || bytes.IndexByte(text, '?') >= 0:
	case text[0] == '#':
		if id := text[1:]; validID(id) {
			r.ref, r.local = facts.Ref(d.keep(text)), true
		}
	case isURN(text):
		if !d.target(text, r) && plain(text) {
			r.ref, r.open = facts.Ref(d.keep(text)), true
		}
	case bytes.Contains(text, []byte("://")):
		if d.target(text, r) {
			return
		}
		if tail, base := splitURL(text); tail != nil {
			d.literal(tail, d.foreignBase(base), r)
		}
	case bytes.IndexByte(text, '/') < 0:
		d.withoutSign(text, r)
	default:
		d.literal(text, d.base, r)
	}
}

// withoutSign follows a reference to a contained resource that lacks the number sign.
func (d *decoder) withoutSign(text []byte, r *reference) {
	if d.at[nContained] == 0 || !validID(text) {
		return
	}
	if o, _ := d.within(string(text)); o != nil {
		r.ref, r.local = facts.Ref("#"+string(text)), true
	}
}

// literal reads Type/id, perhaps with /_history/version.
func (d *decoder) literal(text []byte, base string, r *reference) {
	typ, id := splitRef(text)
	k, name := kindOf(typ)
	if k == kindUnknown || id == nil {
		return
	}
	r.typ = name
	if !validID(id) {
		r.badID = true
		return
	}
	r.ref = facts.Ref(base + d.keep(text[:len(typ)+1+len(id)]))
}

// splitRef splits Type/id or Type/id/_history/version; id is nil for any other form.
func splitRef(text []byte) (typ, id []byte) {
	typ, id, found := bytes.Cut(text, []byte("/"))
	if !found {
		return nil, nil
	}
	id, history, more := bytes.Cut(id, []byte("/"))
	if more && !bytes.HasPrefix(history, []byte("_history/")) {
		return nil, nil
	}
	return typ, id
}

// splitURL splits the absolute URL of a resource into Type/id... and the base before it, including
// its last slash; tail is nil without a type.
func splitURL(text []byte) (tail, base []byte) {
	if i := bytes.Index(text, []byte("/_history/")); i >= 0 {
		text = text[:i]
	}
	id := bytes.LastIndexByte(text, '/')
	if id <= 0 {
		return nil, nil
	}
	typ := bytes.LastIndexByte(text[:id], '/') + 1
	if k, _ := kindOf(text[typ:id]); k == kindUnknown {
		return nil, nil
	}
	return text[typ:], text[:typ]
}

// foreignBase is the part of base that stays in references: nothing for the own server, and nothing
// at all if that is not set.
func (d *decoder) foreignBase(base []byte) string {
	own := bytes.TrimRight([]byte(d.options.Base), "/")
	if len(own) == 0 || bytes.Equal(bytes.TrimRight(base, "/"), own) {
		return ""
	}
	return d.keep(base)
}

// validID checks FHIR's rule for ids: 1 to 64 of A-Z, a-z, 0-9, minus and dot.
func validID(id []byte) bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	for _, c := range id {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

func plain(text []byte) bool {
	for _, c := range text {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// target looks for the entry of the same Bundle whose fullUrl is text.
func (d *decoder) target(text []byte, r *reference) bool {
	if d.node.scope == 0 {
		return false
	}
	if !d.aimed {
		d.aim()
	}
	i, ok := d.targets[d.aimKey(d.node.scope, text)]
	if !ok {
		return false
	}
	n := &d.index.nodes[i]
	if full := d.raw(n.entry.fullURL); n.scope != d.node.scope ||
		!bytes.Equal(full, text) && !(isURN(text) && bytes.EqualFold(full, text)) {
		return false
	}
	ref := d.identity(n)
	if ref == "" {
		return false
	}
	r.ref, r.typ = ref, n.typ
	return true
}

// aim records the fullUrls of all Bundles of the document.
func (d *decoder) aim() {
	clear(d.targets)
	d.aimed = true
	for i := range d.index.nodes {
		n := &d.index.nodes[i]
		if n.entry.fullURL == 0 || n.scope == 0 || n.noResource || n.parameter || d.b[n.entry.fullURL] != '"' {
			continue
		}
		key := d.aimKey(n.scope, d.raw(n.entry.fullURL))
		if _, there := d.targets[key]; !there {
			d.targets[key] = int32(i)
		}
	}
}

func isURN(url []byte) bool { return len(url) > 4 && bytes.EqualFold(url[:4], []byte("urn:")) }

// aimKey is the same for a UUID in any case.
func (d *decoder) aimKey(scope uint32, url []byte) uint64 {
	if isURN(url) {
		d.folded = append(d.folded[:0], url...)
		for i, c := range d.folded {
			if c >= 'A' && c <= 'Z' {
				d.folded[i] = c + 'a' - 'A'
			}
		}
		url = d.folded
	}
	return maphash.Bytes(d.seed, url) ^ uint64(scope)*0x9e3779b97f4a7c15
}

// raw is the text of the string at v; nil for any other value.
func (d *decoder) raw(v uint32) []byte {
	if d.b[v] != '"' {
		return nil
	}
	k := d.b[v+1 : scan.PastString(d.b, int(v))-1]
	if bytes.IndexByte(k, '\\') < 0 {
		return k
	}
	return scan.Unescape(nil, k)
}
