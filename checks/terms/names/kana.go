package names

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

// kanaSalts end Japanese names written together with the acid of their salt (クエチアピンフマル酸塩).
var kanaSalts = []string{
	"マレイン", "フマル", "コハク", "シュウ", "メシル", "ベシル", "トシル", "クエン", "タンニン", "デカン", "エナント", "パモ", "エンボン",
	"ヒベンズ", "サリチル", "リンゴ", "ナトリウム", "カリウム", "パルミチン", "ウンデシレン", "リン",
}

// FindKanaStem looks up a Japanese name without the salt that ends it.
func FindKanaStem(p *phrase.Phrase, i int) (Entry, int) {
	word := p.Word(i)
	if len(word) < 6 || word[0] != 0xE3 {
		return Entry{}, 0
	}
	for _, salt := range kanaSalts {
		stem, ok := strings.CutSuffix(word, salt)
		if !ok || stem == "" {
			continue
		}
		if entry, n := Find(phrase.Of(stem), 0); n == 1 {
			return entry, 1
		}
	}
	return Entry{}, 0
}
