// Package names finds drug names in a folded text: substances, brands and salts, even as part of a
// compound word, and says what else a name may mean.
//
// It must not know codes, or whether the text as a whole denies what it names; callers read the
// text around a name.
package names
