// Package unread names the parts of a resource that were there and could not be read. A reader
// notes them, the checks speak of them, and the stored form keeps them.
//
// It must not know how a part was read or what a check says of it.
package unread
