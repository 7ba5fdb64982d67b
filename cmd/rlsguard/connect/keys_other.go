//go:build !unix

package connect

import "io/fs"

// lentByRoot: there is no root here.
func lentByRoot(fs.FileInfo) bool { return false }
