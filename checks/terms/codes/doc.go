// Package codes knows code systems and how codes are written: a system by any of its addresses, a
// code without what senders put around it, and one form for comparing codes that have several.
//
// It must not know what a code means, the tables, or patients.
package codes
