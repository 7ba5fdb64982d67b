// Package names finds the names of drugs in a folded text: of substances, brands and salts, also
// where they are a part of a compound word, and says what else a name may mean.
//
// It must not know codes, or whether the text as a whole denies what it names; callers read the
// text around a name.
package names
