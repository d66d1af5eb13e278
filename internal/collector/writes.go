package collector

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Write is a place that a component of a configuration writes to.
type Write struct{ Component, Path string }

// writers are the components of ADOT that write files: the setting that says where, and its default.
//
// Source: contrib v0.156.0, config.go of each.
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
	for _, w := range writers {
		section := valueOf(root, w.section)
		for _, id := range keysOf(section) {
			if kind, _, _ := strings.Cut(id, "/"); kind != w.kind || !running(root, w.section, id) {
				continue
			}
			path := w.path
			if set := valueOf(valueOf(section, id), w.setting); set != nil {
				path = set.Value
			}
			if strings.HasPrefix(path, "/") { // what is expanded is not known
				writes = append(writes, Write{id, path})
			}
		}
	}
	return writes
}

// running says whether the service names a component.
func running(root *yaml.Node, section, id string) bool {
	service := valueOf(root, "service")
	if section == "extensions" {
		return slices.Contains(listOf(valueOf(service, section)), id)
	}
	pipelines := valueOf(service, "pipelines")
	return slices.ContainsFunc(keysOf(pipelines), func(name string) bool {
		return slices.Contains(listOf(valueOf(valueOf(pipelines, name), section)), id)
	})
}
