package fhir

// slab returns short slices cut from longer ones, to save one allocation per list of a resource.
// Their capacity is cut too, so appending copies.
type slab[T any] struct{ free []T }

// slabSize is the length of the longer slices. Keeping one slice keeps all of them, so it is small.
const slabSize = 32

func (s *slab[T]) take(list []T) []T {
	n := len(list)
	switch {
	case n == 0:
		return nil
	case n > slabSize/2:
		return append([]T(nil), list...)
	case n > len(s.free):
		s.free = make([]T, slabSize)
	}
	out := s.free[:n:n]
	s.free = s.free[n:]
	copy(out, list)
	return out
}
