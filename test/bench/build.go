package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// printBuilds compares how long an app that imports awsecs takes to build without and with the library: with an empty cache, and
// when only the app itself has changed, which is a link.
func printBuilds() {
	fmt.Println("\n| build of an app | empty cache | warm cache | binary |")
	fmt.Println("| --- | --- | --- | --- |")
	var first [2]time.Duration
	for i, app := range []string{"without", "with"} {
		dir, err := os.MkdirTemp("", "build")
		if err != nil {
			fail(err)
		}
		binary := filepath.Join(dir, "app")
		build := func() time.Duration {
			cmd := exec.Command("go", "build", "-o", binary, "./test/bench/"+app)
			cmd.Env = append(os.Environ(), "GOCACHE="+filepath.Join(dir, "cache"))
			cmd.Stderr = os.Stderr
			began := time.Now()
			if err := cmd.Run(); err != nil {
				fail(err)
			}
			return time.Since(began)
		}
		cold := build()
		_ = os.Remove(binary)
		warm := build()
		info, err := os.Stat(binary)
		if err != nil {
			fail(err)
		}
		note := ""
		if i == 0 {
			first = [2]time.Duration{cold, warm}
		} else {
			note = fmt.Sprintf(" (%+.0f %%, %+.0f %%)", 100*(cold.Seconds()/first[0].Seconds()-1), 100*(warm.Seconds()/first[1].Seconds()-1))
		}
		fmt.Printf("| %s the library%s | %.1f s | %.1f s | %d MB |\n", app, note, cold.Seconds(), warm.Seconds(), info.Size()>>20)
		if err := os.RemoveAll(dir); err != nil {
			fail(err)
		}
	}
}
