// Package ahead says what time alone does to a flag: what it becomes, when, and why. Its lists are
// closed and have words for a reader.
//
// It must not know the checks, or any limit: what happens, and when, is for the checks to say.
package ahead
