"""What Spark's failures mean and what to do: one table of patterns that are searched in their text.

A failure's text repeats rows of the task, so it is only searched and never passed on. The parts that a
pattern extracts (a module, a package, an exit status) never come from a row.
"""

import re
import sys
from dataclasses import dataclass
from typing import ClassVar

from renkei.agreement.errors import RenkeiError


class NoSpark(RenkeiError):
    """The distributed engine is not installed, or does not start."""


class SparkFailed(RenkeiError):
    """A job of the distributed engine failed; nothing was written."""

    exit_status: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause of failures: its pattern, and its message; `{names}` in it are groups of the pattern."""

    pattern: str
    en: str
    ja: str


_UNREACHABLE = Cause(
    r"All masters are unresponsive|Failed to connect to master"
    r"|java\.net\.(?:Connect|UnknownHost|NoRouteToHost)Exception",
    "the master does not answer. Check that it runs, and that its host and port are right: in "
    "--spark-master, or for yarn in its configuration.",
    "マスターが応答しません。稼働していること、--spark-master(yarnではその設定)のホストとポートが正しいことを"
    "確かめてください。",
)
# The first row whose pattern is found counts: causes come before failures that only follow from them.
CAUSES = (
    Cause(
        r"JAVA_HOME is not set|bin/java: |\bbash\b.{0,4}: ",
        "Java was not found. Install Java 17 or later (apt-get install openjdk-17-jre-headless) or set "
        "JAVA_HOME. To start it, Spark also needs bash on the PATH.",
        "Javaが見つかりません。Java 17以降をインストールする(apt-get install openjdk-17-jre-headless)か、"
        "JAVA_HOMEで指定してください。起動にはPATH上のbashも必要です。",
    ),
    Cause(
        r"UnsupportedClassVersionError",
        "this Java is too old. Install Java 17 or later (apt-get install openjdk-17-jre-headless) or set "
        "JAVA_HOME.",
        "Javaが古すぎます。Java 17以降をインストールする(apt-get install openjdk-17-jre-headless)か、"
        "JAVA_HOMEで指定してください。",
    ),
    Cause(
        r"HADOOP_CONF_DIR or YARN_CONF_DIR must be set",
        "for yarn, HADOOP_CONF_DIR or YARN_CONF_DIR must name the folder of the cluster's configuration "
        "(yarn-site.xml, core-site.xml). Set one and run again.",
        "yarnでは、クラスターの設定(yarn-site.xml、core-site.xml)のあるフォルダをHADOOP_CONF_DIRまたは"
        "YARN_CONF_DIRで指定する必要があります。設定して、もう一度実行してください。",
    ),
    Cause(
        r"Master must either be|Could not parse Master URL|Invalid master URL|INVALID_MASTER_URL",
        "--spark-master is not an address of a cluster. Give local[*], spark://HOST:PORT, yarn or k8s://URL.",
        "--spark-masterがクラスターのアドレスではありません。local[*]、spark://ホスト:ポート、yarn、"
        "k8s://URLのいずれかを指定してください。",
    ),
    Cause(
        r"INVALID_DRIVER_MEMORY|System memory \d+ must be at least|Initial heap size set to a larger value",
        "the memory for Spark's driver is too small. Free memory on this machine, or set spark.driver.memory "
        "in spark-defaults.conf.",
        "Sparkのドライバのメモリが小さすぎます。このマシンのメモリを空けるか、spark-defaults.confの"
        "spark.driver.memoryを設定してください。",
    ),
    Cause(
        r"insufficient memory for the Java Runtime|Could not reserve enough space",
        "this machine does not have the memory that Spark's driver needs. Free memory, or set a smaller "
        "spark.driver.memory in spark-defaults.conf.",
        "Sparkのドライバが求めるメモリがこのマシンにありません。メモリを空けるか、spark-defaults.confの"
        "spark.driver.memoryを小さくしてください。",
    ),
    Cause(
        r"driver ended with (?:-9|137)\b",
        "Spark's driver was killed (signal 9), as the system does if memory runs out. Free memory, or set a "
        "smaller spark.driver.memory in spark-defaults.conf.",
        "Sparkのドライバが強制終了(シグナル9)されました。システムがメモリ不足の際に行うものです。"
        "メモリを空けるか、spark-defaults.confのspark.driver.memoryを小さくしてください。",
    ),
    Cause(
        r"ModuleNotFoundError: No module named '(?P<module>[\w.]+)'"
        r"|(?P<package>\w+) >= [\d.]+ must be installed",
        "the workers' Python ({python}) has no {module}{package}. Install renkei[spark] there, in the "
        "same version as here, or set PYSPARK_PYTHON to another Python.",
        "ワーカーのPython({python})に{module}{package}がありません。同じ版のrenkei[spark]をインストールするか、"
        "別のPythonをPYSPARK_PYTHONで指定してください。",
    ),
    Cause(
        r"Cannot run program",
        "a worker has no Python at {python}. Install renkei[spark] there, or set PYSPARK_PYTHON to the "
        "workers' Python.",
        "ワーカーの{python}にPythonがありません。そこにrenkei[spark]をインストールするか、"
        "ワーカーのPythonをPYSPARK_PYTHONで指定してください。",
    ),
    Cause(
        r"PYTHON_VERSION_MISMATCH",
        "the workers' Python ({python}) has another version than this one. Set PYSPARK_PYTHON to one of "
        "the same version.",
        "ワーカーのPython({python})の版が、このPythonと異なります。同じ版のものをPYSPARK_PYTHONで指定してください。",
    ),
    Cause(
        r"ImportError: cannot import name|AttributeError: (?:Can't get attribute|module 'renkei)",
        "the workers' Python ({python}) has another version of renkei or of a package it needs. Install "
        "the same versions as here.",
        "ワーカーのPython({python})のrenkei、またはその依存パッケージの版が異なります。"
        "こちらと同じ版をインストールしてください。",
    ),
    Cause(
        r"spark\.driver\.maxResultSize",
        "the result is larger than spark.driver.maxResultSize. Set it higher in spark-defaults.conf.",
        "結果がspark.driver.maxResultSizeを超えています。spark-defaults.confで大きくしてください。",
    ),
    Cause(
        r"No space left on device",
        "a disk is full. Free space, or set spark.local.dir in spark-defaults.conf to another disk.",
        "ディスクに空きがありません。空けるか、spark-defaults.confのspark.local.dirで別のディスクを指定してください。",
    ),
    Cause(
        r"executor (?!driver)\S+\): java\.lang\.OutOfMemoryError|ExecutorLostFailure"
        r"|Container killed|\bMemoryError|Python worker exited unexpectedly",
        "a worker ended before its task, most often because it had too little memory. Use more "
        "--spark-buckets, or give the workers more memory.",
        "ワーカーが処理の途中で終了しました。多くはメモリ不足です。--spark-bucketsを増やすか、"
        "ワーカーのメモリを増やしてください。",
    ),
    Cause(
        r"java\.lang\.OutOfMemoryError|driver ended with 52\b",
        "Spark's driver has used up its memory. Set a larger spark.driver.memory in spark-defaults.conf, or "
        "run on a machine with more.",
        "Sparkのドライバがメモリを使い切りました。spark-defaults.confのspark.driver.memoryを大きくするか、"
        "メモリの多いマシンで実行してください。",
    ),
    Cause(
        r"driver ended with (?P<status>-?\d+)",
        "Spark's driver ended by itself with status {status}.",
        "Sparkのドライバが終了コード{status}で終了しました。",
    ),
    Cause(
        r"PATH_NOT_FOUND|FILE_NOT_EXIST|java\.io\.FileNotFoundException",
        "a worker does not see a file. The files of --register and --notifications must be at the same path "
        "for all workers.",
        "ワーカーからファイルが見えません。--registerと--notificationsのファイルは、すべてのワーカーから"
        "同じパスで見える必要があります。",
    ),
    _UNREACHABLE,
)


_FAULTS = re.compile(r"\b[A-Za-z_]*(?:Error|Exception)\b(?=:|$)", re.MULTILINE)


def not_installed() -> NoSpark:
    """Return the error for a missing PySpark."""
    return _no_spark(
        "PySpark is missing. Install it: pip install 'renkei[spark]'",
        "PySparkがありません。インストールしてください: pip install 'renkei[spark]'",
    )


def no_answer() -> NoSpark:
    """Return the error for a master that does not answer."""
    return _no_spark(_UNREACHABLE.en, _UNREACHABLE.ja)


def not_started(text: str) -> NoSpark:
    """Return the error for a Spark that does not start.

    No row was read yet, so an unknown cause is given in Spark's own words.
    """
    messages = re.findall(r"(?:Error|Exception): (.+)", text) or text.strip().split("\n")[-1:]
    return _no_spark(*(_meaning(text, sys.executable) or (messages[0], messages[0])))


def not_finished(text: str, failure: Exception, python: str) -> SparkFailed:
    """Return the error for a failed job; for an unknown cause only the classes of the exceptions, no text."""
    names = ", ".join(dict.fromkeys([type(failure).__name__, *_FAULTS.findall(text)]))
    en, ja = _meaning(text, python) or (
        "Renkei does not know this failure; check the logs of the cluster.",
        "原因を特定できません。クラスターのログを確かめてください。",
    )
    return SparkFailed(
        f"Spark could not finish ({names}). Nothing was written. {en[0].upper()}{en[1:]}",
        f"Sparkの処理が完了しませんでした（{names}）。何も書き出していません。{ja}",
    )


def _meaning(text: str, python: str) -> tuple[str, str] | None:
    """Return the message of the first row that the text matches, in English and Japanese."""
    for cause in CAUSES:
        if found := re.search(cause.pattern, text):
            values = {"python": python, **{name: value or "" for name, value in found.groupdict().items()}}
            return cause.en.format_map(values), cause.ja.format_map(values)
    return None


def _no_spark(en: str, ja: str) -> NoSpark:
    return NoSpark(f"--engine spark: {en}", f"--engine spark: {ja}")
