package fhir

const (
	// keptNodes and keptText are what a reader always keeps, less than a megabyte.
	keptNodes = 4096
	keptText  = 64 << 10
	// A buffer is released if none of this many documents needed a worthwhile share of it.
	usageDocuments = 64
	usageShare     = 8
)

// usage tracks how much of a reader's buffers its documents need. One huge Bundle among small
// messages would otherwise keep its index for the life of the reader.
type usage struct{ documents, nodes, fields int }

// release runs between documents. It drops buffers far larger than the last documents needed.
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
