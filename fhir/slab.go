package fhir

// slab hands out short slices cut from longer ones, so that a resource does not cost an allocation
// for each of its lists. Appending to what it handed out copies, as the capacity is cut too.
type slab[T any] struct{ free []T }

// slabSize is the length of what the slices are cut from. Who keeps one of them keeps them all, so
// it is short.
const slabSize = 32

// take copies list.
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
