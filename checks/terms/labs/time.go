package labs

import (
	"strings"
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

// timeWords name the UCUM units of time in the languages of forms.tsv, folded. The first word of
// each line is the code in UCUM or FHIR's periodUnit.
var timeWords = map[string]string{
	"s":   `s sec secs second seconds sekunde sekunden seconde secondes secondi segundo segundos`,
	"min": `min mins minute minutes minuten minuto minutos minuti minuter minutter minuut minuutti`,
	"h": `h hr hrs hour hours std stunde stunden heure heures hora horas ora ore uur uren timme timmar time timer
		tunti tuntia godzina godziny godzin hodina hodiny hodin 時間 小时 小時 시간`,
	"d": `d day days dy dys tag tage tagen jour jours j dia dias giorno giorni gg dag dagen dagar dage dager dgn
		paiva paivaa pv dzien dni dnia den dny dnu 日 日分 日間 天 일`,
	"wk": `wk wks week weeks w woche wochen wo semaine semaines sem semana semanas settimana settimane weken vecka veckor uge uger
		uke uker viikko viikkoa tydzien tygodnie tygodni tyden tydny tydnu 週 週間 周 주`,
	"mo": `mo mos mon month months mth mths monat monate monaten mois mes meses mese mesi maand maanden manad manader
		maned maneder kuukausi kuukautta kk miesiac miesiace miesiecy mesic mesice mesicu 月 か月 カ月 ヶ月 ヵ月 個月 个月 개월`,
	"a": `a yr yrs year years y jahr jahre jahren an ans annee annees ano anos anno anni jaar jaren ar
		vuosi vuotta rok lata lat roky let 年 年間 년`,
}

var timeUnits = sync.OnceValue(func() map[string]string {
	units := make(map[string]string, 256)
	for unit, list := range timeWords {
		for word := range strings.FieldsSeq(list) {
			units[phrase.Key(word)] = unit
		}
	}
	return units
})

// TimeUnit is the unit of time meant by a code or text, as in UCUM and FHIR's periodUnit: s, min,
// h, d, wk, mo or a; "" if it is none. Case, blanks, accents, braces and a plural in brackets
// ("Day(s)", "{days}", "días", "Tage") do not matter.
func TimeUnit(text string) string {
	switch text {
	case "s", "min", "h", "d", "wk", "mo", "a":
		return text
	case "":
		return ""
	}
	if len(text) > 64 {
		return ""
	}
	if unit, ok := timeUnits()[text]; ok {
		return unit
	}
	text = strings.Trim(strings.TrimSpace(text), "{}[].")
	for _, plural := range [...]string{"(s)", "(n)", "(en)", "(e)", "(r)", "(er)", "(es)", "(i)"} {
		if singular, ok := strings.CutSuffix(text, plural); ok {
			text = singular
			break
		}
	}
	return timeUnits()[phrase.Of(text).Key]
}
