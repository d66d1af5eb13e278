package live

import (
	"context"
	"errors"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// ErrNoBrowser says that there is no browser on this machine.
var ErrNoBrowser = errors.New("no chromium, chromium-browser or google-chrome on the path")

// browser runs a headless browser on a page, which it renders for some seconds of virtual time, and gives what it prints.
func browser(ctx context.Context, url string, flags ...string) (output string, err error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		program, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		profile, err := os.MkdirTemp("", "preview-browser")
		if err != nil {
			return "", err
		}
		defer func() { _ = os.RemoveAll(profile) }()
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, append([]string{
			"--headless=new", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--user-data-dir=" + profile,
			"--no-sandbox", // root, as in a container, may not have one; it shows nothing but the page
			"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
			"--virtual-time-budget=15000",
		}, append(flags, url)...)...)
		cmd.WaitDelay = 5 * time.Second // for what a killed browser has started, which keeps its output open
		raw, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		return string(raw), nil
	}
	return "", ErrNoBrowser
}

// Shown is what a page says of itself once it has drawn everything.
type Shown struct {
	Height int
	// Faults are its errors.
	Faults string
	// Panels by what they show: data, empty or error.
	Panels map[string]int
	DOM    string
}

// width of the pictures.
const width = 1400

// Show opens a tab of the page at url: the UID of a dashboard, rules, or metrics.
func Show(ctx context.Context, url, tab string) (s Shown, err error) {
	s.Panels = map[string]int{}
	if s.DOM, err = browser(ctx, address(url, tab), fmt.Sprintf("--window-size=%d,1000", width), "--dump-dom"); err != nil {
		return s, err
	}
	if found := faults.FindStringSubmatch(s.DOM); found != nil {
		s.Faults = html.UnescapeString(found[1])
	}
	found := height.FindStringSubmatch(s.DOM)
	if found == nil {
		return s, fmt.Errorf("the page at %s did not finish; its errors: %q", address(url, tab), s.Faults)
	}
	s.Height, err = strconv.Atoi(found[1])
	for _, panel := range states.FindAllStringSubmatch(s.DOM, -1) {
		s.Panels[panel[1]]++
	}
	return s, err
}

var (
	height = regexp.MustCompile(`<html[^>]* data-height="(\d+)"`)
	faults = regexp.MustCompile(`<html[^>]* data-faults="([^"]*)"`)
	states = regexp.MustCompile(` data-state="(\w+)"`)
)

func address(url, tab string) string { return url + "?still#" + tab }

// Screenshot writes a picture of a tab, as high as it is.
func Screenshot(ctx context.Context, url, tab, file string) error {
	shown, err := Show(ctx, url, tab)
	if err != nil {
		return err
	}
	if shown.Faults != "" {
		return fmt.Errorf("the page has errors: %s", shown.Faults)
	}
	if file, err = filepath.Abs(file); err != nil {
		return err
	}
	_, err = browser(ctx, address(url, tab), fmt.Sprintf("--window-size=%d,%d", width, shown.Height), "--screenshot="+file)
	return err
}
