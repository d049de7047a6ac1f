// Follows a Waybill log with Go's own implementation of tiled logs and signed notes (golang.org/x/mod/sumdb/tlog and note, the one behind the
// Go checksum database), through nothing but its public form.
//
//	tlog-verifier -prefix http://127.0.0.1:8081/log -keys VKEY,… [-old CHECKPOINT] [-proof FILE -entry FILE] [-consistency FILE]
//
// Prints one line a step and ends with 0; the first thing that does not hold ends it with 1.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

func main() {
	prefix := flag.String("prefix", "", "where the log is published")
	keys := flag.String("keys", "", "the log's verifier keys, with commas between")
	old := flag.String("old", "", "a checkpoint kept from before")
	proof := flag.String("proof", "", "a tlog-proof")
	entry := flag.String("entry", "", "the entry it is about")
	consistency := flag.String("consistency", "", "a consistency proof in the form of add-checkpoint")
	flag.Parse()
	var verifiers []note.Verifier
	for _, key := range strings.Split(*keys, ",") {
		verifier, err := note.NewVerifier(key)
		check("the verifier key", err)
		verifiers = append(verifiers, verifier)
	}
	log := &published{*prefix, note.VerifierList(verifiers...), verifiers[0].Name()}

	tree, err := log.checkpoint(get(*prefix + "/checkpoint"))
	check("the published checkpoint", err)
	reader := tlog.TileHashReader(tree, log)
	root, err := tlog.TreeHash(tree.N, reader)
	check("the tiles", err)
	if root != tree.Hash {
		fail("the tiles make another root than the checkpoint's")
	}
	fmt.Printf("the tiles make the checkpoint's root: %d entries\n", tree.N)
	fmt.Printf("each of %d entries hashes to its leaf, and is included\n", log.entries(tree, reader))

	if *old != "" {
		text, err := os.ReadFile(*old)
		check("the old checkpoint", err)
		before, err := log.checkpoint(text)
		check("the old checkpoint", err)
		path, err := tlog.ProveTree(tree.N, before.N, reader)
		check("a consistency proof from the tiles", err)
		check("consistency", tlog.CheckTree(path, tree.N, tree.Hash, before.N, before.Hash))
		fmt.Printf("the log only grew from %d to %d entries\n", before.N, tree.N)
	}
	if *proof != "" {
		index, hashes, after := parse(*proof, "c2sp.org/tlog-proof@v1\nindex ")
		under, err := log.checkpoint(after)
		check("the proof's checkpoint", err)
		leaf, err := os.ReadFile(*entry)
		check("the entry", err)
		leaf = bytes.TrimSuffix(leaf, []byte("\n"))
		check("the tlog-proof", tlog.CheckRecord(hashes, under.N, under.Hash, index, tlog.RecordHash(leaf)))
		fmt.Printf("the tlog-proof of entry %d holds\n", index)
	}
	if *consistency != "" {
		size, hashes, after := parse(*consistency, "old ")
		under, err := log.checkpoint(after)
		check("the consistency proof's checkpoint", err)
		before, err := tlog.TreeHash(size, reader)
		check("the earlier root from the tiles", err)
		check("the consistency proof", tlog.CheckTree(hashes, under.N, under.Hash, size, before))
		fmt.Printf("the consistency proof from %d to %d holds\n", size, under.N)
	}
}

// published is a log seen from outside; it is what tlog reads tiles from.
type published struct {
	prefix string
	known  note.Verifiers
	origin string
}

// checkpoint opens a signed note and reads the three lines of a checkpoint.
func (log *published) checkpoint(text []byte) (tree tlog.Tree, err error) {
	opened, err := note.Open(text, log.known)
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != log.origin {
		return tree, fmt.Errorf("not a checkpoint of %s", log.origin)
	}
	tree.N, err = strconv.ParseInt(lines[1], 10, 64)
	if err == nil {
		tree.Hash, err = tlog.ParseHash(lines[2])
	}
	return tree, err
}

func (log *published) Height() int { return tileHeight }

func (log *published) SaveTiles([]tlog.Tile, [][]byte) {}

func (log *published) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	bodies := make([][]byte, len(tiles))
	for i, tile := range tiles {
		// The checksum database names its tiles tile/8/…: the same without the height is what C2SP tlog-tiles says.
		path := "tile/" + strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
		bodies[i] = get(log.prefix + "/" + path)
		if len(bodies[i]) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes", path, len(bodies[i]))
		}
	}
	return bodies, nil
}

// entries reads every bundle, and returns how many entries fit the tree.
func (log *published) entries(tree tlog.Tree, reader tlog.HashReader) (count int64) {
	for count < tree.N {
		width := tree.N - count
		if width > tileWidth {
			width = tileWidth
		}
		tile := tlog.Tile{H: tileHeight, L: -1, N: count / tileWidth, W: int(width)}
		path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
		rest := get(log.prefix + "/" + path)
		for i := int64(0); i < width; i++ {
			if len(rest) < 2 || len(rest) < 2+int(binary.BigEndian.Uint16(rest)) {
				fail(path + " ends within an entry")
			}
			length := int(binary.BigEndian.Uint16(rest))
			leaf := tlog.RecordHash(rest[2 : 2+length])
			rest = rest[2+length:]
			path, err := tlog.ProveRecord(tree.N, count, reader)
			check("an inclusion proof from the tiles", err)
			check(fmt.Sprintf("inclusion of entry %d", count), tlog.CheckRecord(path, tree.N, tree.Hash, count, leaf))
			count++
		}
		if len(rest) > 0 {
			fail(path + " holds more entries than its name says")
		}
	}
	return count
}

// parse reads a number after begin, hashes one a line, an empty line, and what follows it.
func parse(path, begin string) (number int64, hashes []tlog.Hash, after []byte) {
	text, err := os.ReadFile(path)
	check(path, err)
	head, note, found := strings.Cut(string(text), "\n\n")
	if !found || !strings.HasPrefix(head, begin) {
		fail(path + " does not begin as it must")
	}
	lines := strings.Split(strings.TrimPrefix(head, begin), "\n")
	number, err = strconv.ParseInt(lines[0], 10, 64)
	check(path, err)
	for _, line := range lines[1:] {
		var hash tlog.Hash
		raw, err := base64.StdEncoding.Strict().DecodeString(line)
		check(path, err)
		if copy(hash[:], raw) != tlog.HashSize || len(raw) != tlog.HashSize {
			fail(path + " holds something that is no hash")
		}
		hashes = append(hashes, hash)
	}
	return number, hashes, []byte(note)
}

func get(url string) []byte {
	answer, err := http.Get(url)
	check(url, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	check(url, err)
	if answer.StatusCode != 200 {
		fail(fmt.Sprintf("%s answers %d", url, answer.StatusCode))
	}
	return body
}

func check(what string, err error) {
	if err != nil {
		fail(what + ": " + err.Error())
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
