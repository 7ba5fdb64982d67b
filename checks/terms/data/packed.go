package data

import (
	_ "embed"
	"encoding/binary"
	"sort"
	"strings"
)

// Some tables are too long to search as text: package codes, dm+d, the codes of a whole release. A
// test packs them from readable sources in the folder data (see SOURCES.md). Look-ups read them in
// place, so they cost nothing at the start.
var (
	//go:embed ndc.bin
	NDC string
	//go:embed dmd.bin
	DMD string
	//go:embed dmd_meanings.tsv
	DMDMeanings string
	//go:embed rxnorm_release.bin
	RxNormRelease string
)

// Packed is a table of ascending numbers, each with a value.
//
// It begins with a hash of the rest, the number of blocks, and each block's first code and offset.
// A block is its first code's value, then for each further code twice the distance from the
// previous one, plus one and the new value if that changes. Numbers within a block are varints.
type Packed string

const (
	PackedSum   = 16 // bytes of the hash
	PackedHead  = PackedSum + 4
	PackedEntry = 8 + 4 // of the index of blocks
	PackedBlock = 64    // codes
)

func (p Packed) Sum() string { return string(p[:PackedSum]) }

func (p Packed) blocks() int { return int(binary.BigEndian.Uint32([]byte(p[PackedSum:PackedHead]))) }

func (p Packed) first(block int) uint64 {
	at := PackedHead + block*PackedEntry
	return binary.BigEndian.Uint64([]byte(p[at : at+8]))
}

func (p Packed) start(block int) int {
	at := PackedHead + block*PackedEntry + 8
	return int(binary.BigEndian.Uint32([]byte(p[at : at+4])))
}

// Find returns the value of a code.
func (p Packed) Find(code uint64) (value uint64, ok bool) {
	p.Between(code, code, func(_, v uint64) { value, ok = v, true })
	return value, ok
}

// Between yields the codes from low to high, inclusive, with their values.
func (p Packed) Between(low, high uint64, each func(code, value uint64)) {
	n := p.blocks()
	// The block before the first one that starts above low may contain low.
	block := max(0, sort.Search(n, func(i int) bool { return p.first(i) > low })-1)
	for ; block < n && p.first(block) <= high; block++ {
		end := len(p)
		if block+1 < n {
			end = p.start(block + 1)
		}
		r := varints(p[p.start(block):end])
		code, value := p.first(block), r.next()
		for {
			if code > high {
				return
			}
			if code >= low {
				each(code, value)
			}
			if r == "" {
				break
			}
			step := r.next()
			code += step >> 1
			if step&1 == 1 {
				value = r.next()
			}
		}
	}
}

// varints reads unsigned numbers of seven bits a byte, lowest first.
type varints string

func (r *varints) next() uint64 {
	var v uint64
	for shift := 0; *r != ""; shift += 7 {
		b := (*r)[0]
		*r = (*r)[1:]
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			break
		}
	}
	return v
}

// NthLine returns the n-th line, from 0, of a small table below its header.
func NthLine(table string, n uint64) string {
	_, rest, _ := strings.Cut(table, "\n")
	for ; n > 0; n-- {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	line, _, _ := strings.Cut(rest, "\n")
	return line
}
