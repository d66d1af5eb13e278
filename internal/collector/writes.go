package collector

import (
	"slices"
	"strings"
)

// Write is a place that a component of a configuration writes to.
type Write struct{ Component, Path string }

// writers are the components of ADOT that write files: the setting that says where, and its default.
//
// Source: contrib v0.158.0, config.go of each.
var writers = []struct{ section, kind, setting, path string }{
	{"extensions", "ecs_observer", "result_file", "/etc/ecs_sd_targets.yaml"},
	{"extensions", "file_storage", "directory", "/var/lib/otelcol/file_storage"},
	{"exporters", "file", "path", ""},
}

// Writes lists where the running components of a configuration write files, as far as its text tells.
func Writes(text string) []Write {
	root, err := parseMapping(text)
	if err != nil {
		return nil // Check says so
	}
	var writes []Write
	config := newTree(root)
	for _, w := range writers {
		for _, e := range config.at(w.section).all() {
			if typeOf(e.key) != w.kind || !config.running(w.section, e.key) {
				continue
			}
			path := w.path
			if set := e.value.at(w.setting); set != nil {
				path = set.text()
			}
			if strings.HasPrefix(path, "/") { // what is expanded is not known
				writes = append(writes, Write{e.key, path})
			}
		}
	}
	return writes
}

// running says whether the service names a component.
func (t *tree) running(section, id string) bool {
	if section == "extensions" {
		return slices.Contains(t.at("service", section).texts(), id)
	}
	return slices.ContainsFunc(t.at("service", "pipelines").all(), func(p entry) bool { return slices.Contains(p.value.at(section).texts(), id) })
}
