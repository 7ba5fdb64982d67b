// Package sealed encrypts exports and reads them again, in the format of age
// (age-encryption.org/v1), for recipients and with identities as age-keygen writes them.
//
// A caller's duties, in order:
//
//  1. read recipients or identities (Recipients, Identities) before anything is written or stored;
//  2. Write or Open;
//  3. read to the end before anything that was read counts: only then nothing is missing.
//
// The package must not know what it encrypts.
package sealed
