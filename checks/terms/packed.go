package terms

import (
	_ "embed" // the tables
	"encoding/binary"
	"sort"
	"strings"
)

// Some tables are too long to be searched as text: package codes, dm+d, the codes of a whole
// release. They are packed by a test from their readable sources in the folder data (see
// SOURCES.md), and looked up where they stand, so that a start pays nothing for them.
var (
	//go:embed data/ndc.bin
	ndcBin string
	//go:embed data/dmd.bin
	dmdBin string
	//go:embed data/dmd_meanings.tsv
	dmdMeanings string
	//go:embed data/rxnorm_release.bin
	releaseBin string
)

// packed is a table of ascending numbers, each with a value.
//
// It starts with a hash over what follows, the number of blocks and, for each block, its first code
// and the place where it starts. A block is the value of its first code, then for each further code
// the distance to the one before, doubled, plus one where the value changes, and the new value.
// Numbers within a block are varints.
type packed string

const (
	packedSum   = 16 // bytes of the hash
	packedHead  = packedSum + 4
	packedEntry = 8 + 4 // of the index of blocks
	packedBlock = 64    // codes
)

func (p packed) sum() string { return string(p[:packedSum]) }

func (p packed) blocks() int { return int(binary.BigEndian.Uint32([]byte(p[packedSum:packedHead]))) }

func (p packed) first(block int) uint64 {
	at := packedHead + block*packedEntry
	return binary.BigEndian.Uint64([]byte(p[at : at+8]))
}

func (p packed) start(block int) int {
	at := packedHead + block*packedEntry + 8
	return int(binary.BigEndian.Uint32([]byte(p[at : at+4])))
}

// find gives the value of a code.
func (p packed) find(code uint64) (value uint64, ok bool) {
	p.between(code, code, func(_, v uint64) { value, ok = v, true })
	return value, ok
}

// between yields the codes from low to high, both included, with their values.
func (p packed) between(low, high uint64, each func(code, value uint64)) {
	n := p.blocks()
	// The block before the first one that starts above low may hold low.
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

// varints reads unsigned numbers of seven bits a byte, the lowest first.
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

// lineOf gives the n-th line, from 0, of a small table below its header.
func lineOf(table string, n uint64) string {
	_, rest, _ := strings.Cut(table, "\n")
	for ; n > 0; n-- {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	line, _, _ := strings.Cut(rest, "\n")
	return line
}
