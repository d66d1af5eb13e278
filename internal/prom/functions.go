package prom

import "strings"

// Functions of PromQL, and the words that may stand before a bracket, too. test/e2e compares the functions with Prometheus' own.
//
// Source: Prometheus v0.313.2, promql/parser.
var (
	// Functions are those that Prometheus knows, the experimental ones as well.
	Functions = strings.Fields(`
		abs absent absent_over_time acos acosh asin asinh atan atanh avg_over_time ceil changes clamp clamp_max clamp_min cos cosh
		count_over_time day_of_month day_of_week day_of_year days_in_month deg delta deriv double_exponential_smoothing end exp
		first_over_time floor histogram_avg histogram_count histogram_fraction histogram_quantile histogram_quantiles histogram_stddev
		histogram_stdvar histogram_sum hour idelta increase info irate label_join label_replace last_over_time ln log10 log2 mad_over_time
		max_of max_over_time min_of min_over_time minute month pi predict_linear present_over_time quantile_over_time rad range rate resets round scalar
		sgn sin sinh sort sort_by_label sort_by_label_desc sort_desc sqrt start stddev_over_time stdvar_over_time step sum_over_time tan
		tanh time timestamp ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time vector year
	`)

	operatorWords = strings.Fields(`
		and or unless atan2 sum avg count min max group stddev stdvar topk bottomk count_values quantile limitk limit_ratio offset
		smoothed anchored by without on ignoring group_left group_right fill fill_left fill_right bool start end step range
	`)

	beforeBracket = setOf(Functions, operatorWords)
)

// Functions of templates.
//
// Sources: Prometheus v0.313.2, template; Alertmanager v0.32.1, template; Go, text/template.
var (
	ruleFunctions = functionsNamed(`
		query first label value strvalue args reReplaceAll safeHtml match title toUpper toLower graphLink tableLink sortByLabel stripPort
		stripDomain humanize humanize1024 humanizeDuration humanizePercentage humanizeTimestamp toTime toDuration now pathPrefix
		externalURL parseDuration urlQueryEscape
	`)

	notificationFunctions = functionsNamed(`
		toUpper toLower title trimSpace join match safeHtml safeUrl urlUnescape reReplaceAll stringSlice date tz since humanizeDuration
		toJson list append dict
	`)

	builtinFunctions = functionsNamed(`
		and call html index slice js len not or print printf println urlquery eq ge gt le lt ne
	`)
)

func setOf(lists ...[]string) map[string]bool {
	set := map[string]bool{}
	for _, list := range lists {
		for _, word := range list {
			set[word] = true
		}
	}
	return set
}

func functionsNamed(words string) map[string]any {
	functions := map[string]any{}
	for _, word := range strings.Fields(words) {
		functions[word] = word
	}
	return functions
}
