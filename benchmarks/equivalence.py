"""Whether a population scores as independent networks of another library do: the same configurations, ten seeds each.

    python benchmarks/equivalence.py PYTHON_WITH_TORCH [TRIALS] [SEEDS]

Work A. A configuration's score is its mean validation loss over five folds, a cell is a configuration and a seed.
Prints the mean difference over configurations in units of the seed's standard deviation with its 90 % interval (two
one-sided t tests at 5 % hold that it lies within a quarter), and the rank correlation of configurations between the
two, beside that of PyTorch with itself (means over half of the seeds).
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy
import scipy.stats

HERE = Path(__file__).parent


def scores(commands):
    """Mean loss over folds, by configuration."""
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for command in commands
    ]
    mean_losses = {}
    for process in running:
        for line in process.communicate()[0].splitlines():
            if line.startswith("RESULT "):
                for number, by_metric in json.loads(line[7:])["scores"].items():
                    mean_losses[int(number)] = numpy.mean(by_metric.get("loss", by_metric.get("log_loss")))
    return [mean_losses[number] for number in sorted(mean_losses)]


def rank_correlation(first, second):
    return scipy.stats.spearmanr(first.mean(axis=0), second.mean(axis=0)).statistic


def main(torch, num_trials="16", num_seeds="10"):
    ours, torch_losses = [], []
    for seed in map(str, range(int(num_seeds))):
        keras_command = [sys.executable, str(HERE / "run_automl.py"), "A", "population", num_trials, seed]
        torch_commands = [
            [torch, str(HERE / "run_torch.py"), "A", num_trials, part, "2", seed] for part in ("0", "1")
        ]
        ours.append(scores([keras_command]))
        torch_losses.append(scores(torch_commands))
        print(f"seed {seed}: {numpy.mean(ours[-1]):.5f} {numpy.mean(torch_losses[-1]):.5f}", flush=True)
    ours, torch_losses = numpy.array(ours), numpy.array(torch_losses)  # (seed, configuration)
    deviation = numpy.sqrt(numpy.mean([ours.var(axis=0, ddof=1), torch_losses.var(axis=0, ddof=1)]))
    differences = (ours.mean(axis=0) - torch_losses.mean(axis=0)) / deviation
    error = scipy.stats.sem(differences) * scipy.stats.t.ppf(0.95, len(differences) - 1)
    print(f"difference {differences.mean():+.3f} ± {error:.3f} seed deviations ({deviation:.5f})")
    spread = [scores.std(axis=0, ddof=1).mean() for scores in (ours, torch_losses)]
    print(f"deviation over seeds: ours {spread[0]:.5f}, PyTorch {spread[1]:.5f}")
    half = len(torch_losses) // 2
    print(
        f"rank correlation: ours with PyTorch {rank_correlation(ours[:half], torch_losses[half:]):.3f}, "
        f"PyTorch with itself {rank_correlation(torch_losses[:half], torch_losses[half:]):.3f}"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
