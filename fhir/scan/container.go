package scan

// container returns the offset after the object or array at i, or -1. It keeps its place in bits,
// not on the call stack, so a hundred thousand brackets cost nothing.
func (s *Scanner) container(i int) int {
	b, depth, base := s.B, s.depth, s.depth
	object := false

open: // b[i] opens a container
	if depth >= s.maxDepth {
		return s.tooDeep(i)
	}
	if object {
		s.kinds[depth>>6] |= 1 << (depth & 63)
	} else {
		s.kinds[depth>>6] &^= 1 << (depth & 63)
	}
	depth++
	object = b[i] == '{'
	i++
	if i < len(b) && b[i] <= ' ' {
		i = PastBlanks(b, i)
	}
	if i < len(b) && b[i] == '}' && object || i < len(b) && b[i] == ']' && !object {
		goto shut
	}
	if !object {
		goto element
	}

member: // b[i] must begin a name
	if i >= len(b) || b[i] != '"' {
		return s.Fail(i, "no property name in double quotes")
	}
	if i = s.Str(i); i < 0 {
		return i
	}
	if i < len(b) && b[i] != ':' {
		i = PastBlanks(b, i)
	}
	if i >= len(b) || b[i] != ':' {
		return s.Fail(i, "no colon after a property name")
	}
	i++
	if i < len(b) && b[i] <= ' ' {
		i = PastBlanks(b, i)
	}

element: // b[i] must begin a value
	if i >= len(b) {
		return s.Fail(i, "document ends early")
	}
	switch c := b[i]; {
	case c == '"':
		i = s.Str(i)
	case c == '{' || c == '[':
		goto open
	case c == '-' || c >= '0' && c <= '9':
		i = s.number(i)
	default:
		i = s.literal(i)
	}
	if i < 0 {
		return i
	}

after: // a value is complete
	if i < len(b) && b[i] <= ' ' {
		i = PastBlanks(b, i)
	}
	if i >= len(b) {
		return s.Fail(i, "document ends early")
	}
	switch {
	case b[i] == ',':
		i++
		if i < len(b) && b[i] <= ' ' {
			i = PastBlanks(b, i)
		}
		if object {
			goto member
		}
		goto element
	case b[i] == '}' && object, b[i] == ']' && !object:
		goto shut
	}
	return s.Fail(i, "no comma or closing bracket after a value")

shut:
	i++
	depth--
	if depth == base {
		return i
	}
	object = s.kinds[depth>>6]&(1<<(depth&63)) != 0
	goto after
}
