// Package unread names the parts of a resource that were present but could not be read. The reader
// notes them, the checks mention them, and the stored form keeps them.
//
// It must not know how a part was read or what a check says of it.
package unread
