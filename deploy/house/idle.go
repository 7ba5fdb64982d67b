package main

import (
	"go/types"
	"slices"
	"strings"
)

// idle are exported names of a package that no other package needs, methods included. Needed is
// what another package mentions, and what such a name hands out or takes: whoever calls Assess
// holds an Assessment without saying so. A constant of a type is a word of a closed list and needed
// with its type. What a method is called is free where an interface asks for it, so methods that
// share their name with a method of any interface in sight do not count; nor does a room that
// nobody imports: its tests use it.
func (m *module) idle(r *room) []types.Object {
	if r.Name == "main" || !m.imported(r) {
		return nil
	}
	var idle []types.Object
	for _, o := range r.exported() {
		if !m.needed(o) {
			idle = append(idle, o)
		}
		for method := range methods(o) {
			if _, used := m.used[m.place(method)]; !used && method.Exported() && !m.asked(r, method) {
				idle = append(idle, method)
			}
		}
	}
	return idle
}

func (m *module) imported(r *room) bool {
	return slices.ContainsFunc(m.packages, func(p *room) bool { return p.Imports[r.PkgPath] != nil })
}

func (m *module) needed(o types.Object) bool {
	if _, used := m.used[m.place(o)]; used {
		return true
	}
	if _, handed := m.handed[m.place(o)]; handed {
		return true
	}
	named, ok := o.Type().(*types.Named)
	if _, word := o.(*types.Const); !word || !ok || named.Obj().Pkg() != o.Pkg() {
		return false
	}
	return m.needed(named.Obj())
}

// noteHanded follows the names that are used to the types in their signatures, fields and methods,
// and on from there.
func (m *module) noteHanded() {
	h := handing{m: m, seen: map[types.Type]bool{}}
	for _, p := range m.packages {
		for _, o := range p.exported() {
			if _, used := m.used[m.place(o)]; used {
				h.follow(o.Type())
			}
		}
	}
}

type handing struct {
	m    *module
	seen map[types.Type]bool
}

func (h *handing) follow(t types.Type) {
	if t == nil || h.seen[t] {
		return
	}
	h.seen[t] = true
	switch t := t.(type) {
	case *types.Named:
		h.named(t)
	case *types.Signature:
		h.follow(t.Params())
		h.follow(t.Results())
	case *types.Tuple:
		for v := range t.Variables() {
			h.follow(v.Type())
		}
	case *types.Struct:
		for f := range t.Fields() {
			if f.Exported() {
				h.follow(f.Type())
			}
		}
	case *types.Interface:
		for method := range t.Methods() {
			h.follow(method.Type())
		}
	case *types.Map:
		h.follow(t.Key())
		h.follow(t.Elem())
	case interface{ Elem() types.Type }: // pointer, slice, array, channel
		h.follow(t.Elem())
	}
}

// named notes a type of this module, and what stands open in it.
func (h *handing) named(t *types.Named) {
	for arg := range t.TypeArgs().Types() {
		h.follow(arg)
	}
	o := t.Obj()
	if o.Pkg() == nil || !strings.HasPrefix(o.Pkg().Path(), h.m.path) {
		return
	}
	h.m.handed[h.m.place(o)] = struct{}{}
	h.follow(t.Underlying())
	for method := range t.Methods() {
		if method.Exported() {
			h.follow(method.Type())
		}
	}
}

func methods(o types.Object) func(func(*types.Func) bool) {
	return func(yield func(*types.Func) bool) {
		name, ok := o.(*types.TypeName)
		if !ok || name.IsAlias() {
			return
		}
		named, ok := name.Type().(*types.Named)
		if !ok {
			return
		}
		for method := range named.Methods() {
			if !yield(method) {
				return
			}
		}
	}
}

// conventional are methods that packages outside the module call through interfaces of theirs.
var conventional = []string{
	"String", "Error", "Equal", "Unwrap", "Is", "As", "Read", "Write", "Close", "Len", "Less", "Swap", "Push", "Pop",
	"ServeHTTP", "Format",
	"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", "MarshalYAML", "UnmarshalYAML",
	"MarshalZerologObject",
	"Describe", "Collect", "Run", "Help", "ExitCode", // the last three are called by kong
}

// asked tells whether an interface that the package knows, or one of this module, asks for a method
// of this name.
func (m *module) asked(r *room, method *types.Func) bool {
	if slices.Contains(conventional, method.Name()) {
		return true
	}
	known := r.Types.Imports()
	for _, p := range m.packages {
		known = append(known, p.Types)
	}
	for _, p := range known {
		scope := p.Scope()
		for _, n := range scope.Names() {
			i, ok := scope.Lookup(n).Type().Underlying().(*types.Interface)
			if !ok {
				continue
			}
			for im := range i.Methods() {
				if im.Name() == method.Name() {
					return true
				}
			}
		}
	}
	return false
}
