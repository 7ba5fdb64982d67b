package fhir

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/unread"
	"github.com/rlsguard/rlsguard/fhir/scan"
)

// own is the reference of the resource at n; a bad id makes it invalid.
func (d *decoder) own(n *node) facts.Ref {
	if !d.soundID(n) {
		return ""
	}
	return d.identity(n)
}

// soundID reports whether the resource at n has no id or a FHIR id; otherwise it makes it invalid.
func (d *decoder) soundID(n *node) bool {
	if n.id != 0 {
		if d.b[n.id] != '"' {
			d.invalid(int(n.id), "not a string")
			return false
		}
		if !validID(d.raw(n.id)) {
			d.invalid(int(n.id), "id is not 1 to 64 of A-Z, a-z, 0-9, minus and dot")
			return false
		}
	}
	return true
}

// identity is how the resource at n is known: by its id, else its fullUrl, else a hash of its
// content; "" if its id is invalid.
func (d *decoder) identity(n *node) facts.Ref {
	if n.ref == "" && n.typ != "" {
		n.ref = d.name(n)
	}
	return facts.Ref(n.ref)
}

func (d *decoder) name(n *node) string {
	var url []byte
	if n.entry.fullURL != 0 {
		url = d.raw(n.entry.fullURL)
	}
	tail, base := splitURL(url)
	server := ""
	if tail != nil {
		server = d.foreignBase(base)
	}
	if n.id != 0 {
		id := d.raw(n.id)
		if !validID(id) {
			return ""
		}
		return d.join(server, n.typ, id)
	}
	const prefix = "urn:uuid:"
	if len(url) > len(prefix) && bytes.EqualFold(url[:len(prefix)], []byte(prefix)) && validID(url[len(prefix):]) {
		return d.join("", n.typ, url[len(prefix):])
	}
	if typ, id := splitRef(tail); string(typ) == n.typ && validID(id) {
		return d.join(server, n.typ, id)
	}
	return d.join("", n.typ, contentHash(d.b[n.start:n.end]))
}

func (d *decoder) join(prefix, typ string, id []byte) string {
	return prefix + typ + "/" + string(id)
}

// contentHash is half a SHA-256, in hexadecimal digits, of the JSON value b without insignificant
// white space.
func contentHash(b []byte) []byte {
	h := sha256.New()
	for i := 0; i < len(b); {
		from := i
		for i < len(b) && b[i] > ' ' {
			if b[i] == '"' {
				i = scan.PastString(b, i)
			} else {
				i++
			}
		}
		h.Write(b[from:i])
		i = scan.PastBlanks(b, i)
	}
	return hex.AppendEncode(nil, h.Sum(nil)[:16])
}

// version reads meta into f, and from the Bundle entry what meta lacks, since a history has it
// there.
func (d *decoder) version(f *facts.Fact, n *node) {
	if v := int(d.at[nMeta]); v > 0 {
		o := d.object(v)
		for d.more(&o) {
			switch o.name {
			case nLastUpdated:
				f.Version.Updated = d.updated(o.v)
			case nVersionID:
				f.Version.Number = d.keep(versionNumber(d.text(o.v)))
			}
		}
	}
	d.response(n, &f.Version)
}

// response fills what version lacks from entry.response.
func (d *decoder) response(n *node, version *facts.Version) {
	if n.entry.response == 0 || n.parameter {
		return
	}
	mark := d.mark()
	o := d.object(int(n.entry.response))
	d.outside(mark, "/response")
	for d.more(&o) {
		mark := d.mark()
		switch {
		case o.name == nLastModified && version.Updated == 0:
			version.Updated = d.updated(o.v)
			d.outside(mark, "/response/lastModified")
		case o.name == nETag && version.Number == "":
			version.Number = d.keep(versionNumber(etag(d.text(o.v))))
			d.outside(mark, "/response/etag")
		}
	}
}

// outside marks everything noted since mark as standing in the Bundle entry, beside the resource.
func (d *decoder) outside(mark int, pointer string) {
	for i := mark; i < len(d.gaps); i++ {
		d.gaps[i].outer, d.gaps[i].at, d.gaps[i].part = pointer, 0, unread.Version
	}
}

// etag is the version in an HTTP entity tag: W/"3" or "3".
func etag(tag []byte) []byte {
	tag = bytes.TrimPrefix(bytes.TrimSpace(tag), []byte("W/"))
	return bytes.Trim(tag, `"`)
}

// updated reads the instant at v at which a version was written; 0 if unreadable. One far ahead of
// the clock would outrank every future correction.
func (d *decoder) updated(v int) int64 {
	t := d.instant(v)
	if t.IsZero() {
		return 0
	}
	if now := d.options.Now; !now.IsZero() && t.Nanos > now.Add(24*time.Hour).UnixNano() {
		d.invalid(v, "more than a day in the future")
	}
	return max(t.Nanos, 1) // 0 is absent
}

// versionNumber is id without leading zeros if it is a number, else nil.
func versionNumber(id []byte) []byte {
	if !allDigits(id) || len(id) > maxText {
		return nil
	}
	for len(id) > 1 && id[0] == '0' {
		id = id[1:]
	}
	return id
}

// about reads the subject of the resource, whose value is at v (0 if absent), into res. It returns
// false for another subject than a patient, or a rejection. A withdrawn resource need not name its
// patient.
func (d *decoder) about(v uint32, withdrawn bool, res *Resource) bool {
	if v == 0 {
		if !withdrawn {
			d.fail(int(d.node.start), NoPatient, "no subject")
		}
		return withdrawn
	}
	mark := d.mark()
	r := d.reference(int(v))
	if r.ref == "" && !r.badID && !withdrawn {
		d.mustRead(mark)
	}
	switch {
	case d.rejection != nil:
		return false
	case r.badID:
		d.invalid(r.at, "the subject's id is not a FHIR id")
		return false
	case r.typ != "" && r.typ != "Patient":
		return false
	case r.ref == "" || r.local || r.open:
		if !withdrawn {
			d.fail(r.at, NoPatient, "the subject does not resolve to a Patient")
		}
		return withdrawn
	}
	res.Patient = r.ref
	return true
}

func mark(res *Resource, why facts.MarkReason) {
	res.Relevant = true
	res.Fact.Kind, res.Fact.Mark = facts.KindMark, why
}
