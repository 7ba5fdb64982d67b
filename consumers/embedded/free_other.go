//go:build !linux && !darwin

package embedded

import "errors"

// freeBytes is not known here: that writes fail has to tell.
func freeBytes(string) (uint64, error) { return 0, errors.ErrUnsupported }
