package test

import (
	"fmt"
	"go/format"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
	"github.com/seed86154836/cdk-otel-prometheus/stacks"
)

// markdown is a Markdown file of the repository, taken apart.
type markdown struct {
	file   string // from the root, with slashes
	blocks []codeBlock
	prose  string // what is not in a code block, line by line
}

type codeBlock struct {
	line           int
	language, text string
}

// readMarkdown reads a text. A code block starts and ends with a line of three backticks, indented or not.
func readMarkdown(file, text string) markdown {
	m := markdown{file: file}
	var prose strings.Builder
	var open *codeBlock
	for i, line := range strings.Split(text, "\n") {
		fence, found := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case found && open == nil:
			open = &codeBlock{line: i + 1, language: fence}
		case found:
			m.blocks = append(m.blocks, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		default:
			prose.WriteString(line)
		}
		prose.WriteString("\n")
	}
	m.prose = prose.String()
	return m
}

// files lists the files of the repository with an ending, from the root.
func files(t *testing.T, ending string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (strings.HasPrefix(name, ".") || name == "cdk.out" || name == "node_modules"):
			return filepath.SkipDir
		case !entry.IsDir() && strings.HasSuffix(name, ending):
			found = append(found, filepath.ToSlash(file))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func docs(t *testing.T) []markdown {
	t.Helper()
	var all []markdown
	for _, file := range files(t, ".md") {
		all = append(all, readMarkdown(file, read(t, file)))
	}
	return all
}

func report(t *testing.T, complaints []string) {
	t.Helper()
	for _, c := range complaints {
		t.Error(c)
	}
}

func (m markdown) at(line int, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", m.file, line, fmt.Sprintf(format, args...))
}

// packageComment gives the code of a package comment as a page: lines that are indented by a tab.
func packageComment(file, text string) markdown {
	m := markdown{file: file}
	inCode := false
	for i, line := range strings.Split(text, "\n") {
		code, found := strings.CutPrefix(line, "//\t")
		switch {
		case found && !inCode:
			m.blocks = append(m.blocks, codeBlock{line: i + 1, language: "go"})
			fallthrough
		case found:
			m.blocks[len(m.blocks)-1].text += code + "\n"
		}
		inCode = found
	}
	return m
}

// TestDocsGoCompiles keeps the Go code of the documentation the same as code that is compiled. A block that starts with a package
// clause is a program of its own, and is compiled; any other one must be in a Go file of the repository, whatever its indentation.
// Package comments are held to the same.
func TestDocsGoCompiles(t *testing.T) {
	var compiled []string
	all := docs(t)
	for _, file := range files(t, ".go") {
		text := read(t, file)
		compiled = append(compiled, words(text))
		if path.Base(file) == "doc.go" {
			all = append(all, packageComment(file, text))
		}
	}
	count := 0
	for _, m := range all {
		report(t, m.strayGo(compiled))
		for _, b := range m.goBlocks() {
			count++
			if strings.HasPrefix(b.text, "package ") {
				if err := compile(t, b.text); err != nil {
					t.Error(m.at(b.line, "%v", err))
				}
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d code blocks were found", count)
	}
}

// TestPackagesSayWhatTheyAreFor wants a package comment of some lines in doc.go of every package that can be imported.
func TestPackagesSayWhatTheyAreFor(t *testing.T) {
	packages := map[string]bool{}
	for _, file := range files(t, ".go") {
		if strings.HasPrefix(file, "constructs/") && !strings.Contains(file, "/internal/") {
			packages[path.Dir(file)] = true
		}
	}
	for dir := range packages {
		text, err := os.ReadFile(filepath.FromSlash(dir + "/doc.go"))
		if err != nil || !strings.HasPrefix(string(text), "// Package "+path.Base(dir)+" ") || strings.Count(string(text), "\n") < 5 {
			t.Errorf("%s: doc.go does not say what the package is for", dir)
		}
	}
}

func (m markdown) goBlocks() []codeBlock {
	return slices.DeleteFunc(slices.Clone(m.blocks), func(b codeBlock) bool { return b.language != "go" })
}

// strayGo reports blocks that are not formatted, and those that are in no compiled file.
func (m markdown) strayGo(compiled []string) (complaints []string) {
	for _, b := range m.goBlocks() {
		if formatted, err := format.Source([]byte(b.text)); err != nil {
			complaints = append(complaints, m.at(b.line, "the code does not parse: %v", err))
		} else if string(formatted) != b.text {
			complaints = append(complaints, m.at(b.line, "the code is not formatted; gofmt gives\n%s", formatted))
		}
		if !strings.HasPrefix(b.text, "package ") && !slices.ContainsFunc(compiled, func(source string) bool { return strings.Contains(source, words(b.text)) }) {
			complaints = append(complaints, m.at(b.line, "no Go file has this code; put it into test/guides_example_test.go:\n%s", b.text))
		}
	}
	return complaints
}

// words makes indentation and line breaks the same everywhere.
func words(text string) string { return strings.Join(strings.Fields(text), " ") }

// compile type-checks a program against the packages of this module. It links nothing, which would take a minute.
func compile(t *testing.T, program string) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte(program), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "vet", file).CombinedOutput(); err != nil {
		return fmt.Errorf("the program does not compile: %v\n%s", err, out)
	}
	return nil
}

var (
	inlineCode    = regexp.MustCompile("`[^`\n]*`")
	inlineLink    = regexp.MustCompile(`\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?: "[^"]*")?\)`)
	referenceLink = regexp.MustCompile(`(?m)^\[[^\]]+\]:\s*(\S+)`)
	heading       = regexp.MustCompile(`(?m)^#{1,6} (.*)$`)
	linkInHeading = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	notInAnchor   = regexp.MustCompile(`[^\p{L}\p{N}\-_ ]`)
)

// TestDocsLinksResolve follows every link of every Markdown file: to a file of the repository, to a heading of it, or, elsewhere,
// only whether it is a URL.
func TestDocsLinksResolve(t *testing.T) {
	all := docs(t)
	for _, m := range all {
		report(t, m.deadLinks(all))
	}
}

func (m markdown) deadLinks(all []markdown) (complaints []string) {
	prose := inlineCode.ReplaceAllString(m.prose, "")
	targets := append(inlineLink.FindAllStringSubmatchIndex(prose, -1), referenceLink.FindAllStringSubmatchIndex(prose, -1)...)
	for _, at := range targets {
		target, line := prose[at[2]:at[3]], 1+strings.Count(prose[:at[0]], "\n")
		if problem := m.follow(target, all); problem != "" {
			complaints = append(complaints, m.at(line, "the link %s %s", target, problem))
		}
	}
	return complaints
}

// follow says what is wrong with the target of a link, or nothing.
func (m markdown) follow(target string, all []markdown) string {
	u, err := url.Parse(target)
	switch {
	case err != nil:
		return "is no URL: " + err.Error()
	case u.Scheme == "http" || u.Scheme == "https":
		if !strings.Contains(u.Host, ".") {
			return "names no host"
		}
		return ""
	case u.Scheme != "" || strings.HasPrefix(target, "/"):
		return "leads neither to the web nor to a relative path"
	}
	file := m.file
	if u.Path != "" {
		file = path.Join(path.Dir(m.file), u.Path)
		if _, err := os.Stat(filepath.FromSlash(file)); err != nil || strings.HasPrefix(file, "..") {
			return "leads to " + file + ", which is not there"
		}
	}
	if u.Fragment == "" {
		return ""
	}
	other := m
	if i := slices.IndexFunc(all, func(o markdown) bool { return o.file == file }); i >= 0 {
		other = all[i]
	}
	if !slices.Contains(other.anchors(), u.Fragment) {
		return "leads to a heading that " + file + " does not have"
	}
	return ""
}

// anchors are the ids that GitHub gives to headings: lower case, spaces become hyphens, punctuation goes, and a number tells
// equal ones apart.
func (m markdown) anchors() (all []string) {
	seen := map[string]int{}
	for _, h := range heading.FindAllStringSubmatch(m.prose, -1) {
		text := linkInHeading.ReplaceAllString(strings.TrimSpace(h[1]), "$1")
		id := strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(text), ""), " ", "-")
		if n := seen[id]; n > 0 {
			all = append(all, fmt.Sprintf("%s-%d", id, n))
		} else {
			all = append(all, id)
		}
		seen[id]++
	}
	return all
}

var (
	makeTarget  = regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):`)
	makeCommand = regexp.MustCompile(`(?m)^\s*make((?: +[a-z][a-z0-9-]*)+)`)
	cdkCommand  = regexp.MustCompile(`(aws-cdk@\S+)((?: +[^\s#]+)*)`)
	cdkVersion  = regexp.MustCompile(`(?m)^CDK_CLI := (\S+)$`)
	adotImage   = regexp.MustCompile(`aws-otel-collector:(v[0-9.]+)`)
	ownStack    = regexp.MustCompile(`awscdk\.NewStack\(app, jsii\.String\("([^"]+)"\)`)
)

// TestDocsCommandsExist checks commands in shell blocks and in code within the text: make targets, the version of the CDK CLI,
// the stacks it is told to deploy, and the version of the collector's image.
func TestDocsCommandsExist(t *testing.T) {
	makefile := read(t, "Makefile")
	for _, m := range docs(t) {
		report(t, m.badCommands(makefile))
	}
}

func (m markdown) badCommands(makefile string) (complaints []string) {
	type command struct {
		line int
		text string
	}
	var commands []command
	names := []string{"MyStack"} // what a reader puts the name of their own stack for
	for _, s := range stacks.All {
		names = append(names, s.Name)
	}
	for _, b := range m.blocks {
		switch b.language {
		case "sh", "bash":
			commands = append(commands, command{b.line, b.text})
		case "go":
			for _, own := range ownStack.FindAllStringSubmatch(b.text, -1) {
				names = append(names, own[1])
			}
		}
	}
	for _, at := range inlineCode.FindAllStringIndex(m.prose, -1) {
		commands = append(commands, command{1 + strings.Count(m.prose[:at[0]], "\n"), strings.Trim(m.prose[at[0]:at[1]], "`")})
	}
	targets := makeTarget.FindAllStringSubmatch(makefile, -1)
	isTarget := func(name string) bool {
		return slices.ContainsFunc(targets, func(t []string) bool { return t[1] == name })
	}
	cli := cdkVersion.FindStringSubmatch(makefile)[1]
	for _, c := range commands {
		for _, call := range makeCommand.FindAllStringSubmatch(c.text, -1) {
			for _, target := range strings.Fields(call[1]) {
				if !isTarget(target) {
					complaints = append(complaints, m.at(c.line, "make %s: the Makefile has no such target", target))
				}
			}
		}
		for _, call := range cdkCommand.FindAllStringSubmatch(c.text, -1) {
			// The text of docs/upgrading.md may speak of other versions; a command must not.
			if args := strings.Fields(call[2]); len(args) > 0 {
				if call[1] != cli {
					complaints = append(complaints, m.at(c.line, "%s is not the CLI that the Makefile uses, %s", call[1], cli))
				}
				if len(args) > 1 && slices.Contains([]string{"deploy", "synth", "diff", "destroy"}, args[0]) &&
					!strings.HasPrefix(args[1], "-") && !slices.Contains(names, args[1]) {
					complaints = append(complaints, m.at(c.line, "%s %s: there is no such sample, and no such stack on the page", args[0], args[1]))
				}
			}
		}
		for _, image := range adotImage.FindAllStringSubmatch(c.text, -1) {
			if c.text != image[0] && image[1] != otelprometheus.ADOTVersion {
				complaints = append(complaints, m.at(c.line, "%s: the library is for %s", image[0], otelprometheus.ADOTVersion))
			}
		}
	}
	return complaints
}

// TestDocsChecksNotice hands each check what it is to find.
func TestDocsChecksNotice(t *testing.T) {
	bad := readMarkdown("docs/bad.md", strings.Join([]string{
		"# Bad page", "", "[gone](gone.md) [no heading](#good-page) [no host](https://x) [root](/README.md) [out](../../x.md)",
		"[fine](../README.md#quick-start) [fine](#bad-page) `[code](gone.md)` <!-- [c](#bad-page) -->", "",
		"```sh", "make nothing", "npx aws-cdk@latest synth", "npx aws-cdk@2.1148.1 deploy Nowhere", "docker pull aws-otel-collector:v0.1.0", "```",
		"```go", "x:=notThere( )", "```", "`make synth`", "",
	}, "\n"))
	all := docs(t)
	for what, complaints := range map[string][]string{
		"links":    bad.deadLinks(all),
		"commands": bad.badCommands(read(t, "Makefile")),
		"code":     bad.strayGo(nil),
	} {
		got := strings.Join(complaints, "\n")
		want := map[string][]string{
			"links":    {"3: the link gone.md leads to docs/gone.md", "#good-page leads to a heading", "https://x names no host", "/README.md leads neither", "../../x.md leads to"},
			"commands": {"make nothing", "aws-cdk@latest is not the CLI", "deploy Nowhere", "aws-otel-collector:v0.1.0"},
			"code":     {"not formatted", "no Go file has this code"},
		}[what]
		if len(complaints) != len(want) {
			t.Errorf("%s: %d complaints, want %d:\n%s", what, len(complaints), len(want), got)
		}
		assertContains(t, got, want...)
	}
	if err := compile(t, "package main\n\nfunc main() { undefined() }\n"); err == nil {
		t.Error("a program that does not compile passes")
	}
}
