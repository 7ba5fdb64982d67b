package fhir

const (
	// keptNodes and keptText are what a reader keeps in any case, less than a megabyte.
	keptNodes = 4096
	keptText  = 64 << 10
	// A buffer is released when none of so many documents needed a part of it worth its size.
	usageDocuments = 64
	usageShare     = 8
)

// usage watches how much of a reader's buffers its documents need. One huge Bundle among small
// messages would otherwise hold its index for as long as the reader lives.
type usage struct{ documents, nodes, fields int }

// release is called between two documents. It lets go of buffers that are far larger than the last
// documents needed.
func (r *Reader) release() {
	u, x, d := &r.usage, &r.index, &r.decoder
	u.nodes, u.fields = max(u.nodes, len(x.nodes)), max(u.fields, len(x.fields))
	if u.documents++; u.documents < usageDocuments {
		return
	}
	if cap(x.nodes) > max(keptNodes, usageShare*u.nodes) {
		x.nodes, d.targets = nil, make(map[uint64]int32)
	}
	if cap(x.fields) > usageShare*max(keptNodes, u.fields) {
		x.fields = nil
	}
	if cap(d.scratch) > keptText {
		d.scratch = nil
	}
	*u = usage{}
}
