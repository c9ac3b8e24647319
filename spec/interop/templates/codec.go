// A codec under test, to begin with: it has `decode` of packets without a body. Put yours in its place.
//
// One JSON object a line on stdin, one a line on stdout. The operations are in spec/interop/README.md.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

type object = map[string]any

// decode takes bytes and gives a packet. An error is a refusal, whatever it says.
func decode(request object) (any, error) {
	text, _ := request["hex"].(string)
	data, err := hex.DecodeString(text)
	if err != nil {
		return nil, err
	}
	if len(data) != 22 || binary.LittleEndian.Uint32(data[18:]) != 0 {
		return nil, errors.New("only packets without a body so far")
	}
	return object{
		"id":        binary.LittleEndian.Uint32(data),
		"status":    int16(binary.LittleEndian.Uint16(data[4:])),
		"method":    string(bytes.TrimRight(data[6:17], "\x00")),
		"body_type": data[17],
		"body":      nil,
	}, nil
}

// encode, open, seal, handshake, accept, stream: add what you have.
var operations = map[string]func(object) (any, error){"decode": decode}

func answer(line []byte) object {
	var request object
	if err := json.Unmarshal(line, &request); err != nil {
		return object{"error": err.Error()}
	}
	op, _ := request["op"].(string)
	if op == "hello" {
		return object{"ok": object{"name": "my codec", "version": "0.1", "ops": []string{"decode"}, "eras": []string{"2025"}}}
	}
	operation, known := operations[op]
	if !known {
		return object{"unimplemented": op}
	}
	result, err := operation(request)
	if err != nil {
		return object{"error": err.Error()}
	}
	return object{"ok": result}
}

func main() {
	in, out := bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if err := out.Encode(answer(line)); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		}
		if err == io.EOF {
			return
		}
	}
}
