(() => {
  "use strict";
  const clips = [...document.querySelectorAll(".clip")].filter((clip) => clip.querySelector("audio"));
  for (const clip of clips) {
    const audio = clip.querySelector("audio");
    const button = clip.querySelector("button");
    const picture = clip.querySelector(".picture");
    const playhead = clip.querySelector(".playhead");
    const clock = clip.querySelector(".clock");
    const download = clip.querySelector(".download");
    const name = button.getAttribute("aria-label").replace(/^Play /, "");
    const length = () => (Number.isFinite(audio.duration) ? audio.duration : 0);

    const show = () => {
      const share = length() ? audio.currentTime / length() : 0;
      playhead.style.left = `${share * 100}%`;
      if (length()) clock.textContent = `${audio.currentTime.toFixed(1)} / ${length().toFixed(1)} s`;
      picture.setAttribute("aria-valuenow", audio.currentTime.toFixed(1));
      picture.setAttribute("aria-valuemax", length().toFixed(1));
      picture.setAttribute("aria-valuetext", `${audio.currentTime.toFixed(1)} seconds`);
    };
    const follow = () => {
      show();
      if (!audio.paused) requestAnimationFrame(follow);
    };
    const seek = (seconds) => {
      audio.currentTime = Math.min(Math.max(seconds, 0), length());
      clip.classList.add("begun");
      show();
    };
    const toggle = () => (audio.paused ? audio.play() : audio.pause());

    // the sound in the page can be saved even if the page was moved away from its folder of clips
    download.href = audio.src;
    download.download = download.download.replace(/\.\w+$/, ".flac");
    button.addEventListener("click", toggle);
    audio.addEventListener("loadedmetadata", show);
    audio.addEventListener("play", () => {
      for (const other of clips) if (other !== clip) other.querySelector("audio").pause();
      clip.classList.add("playing", "begun");
      button.setAttribute("aria-label", `Pause ${name}`);
      follow();
    });
    audio.addEventListener("pause", () => {
      clip.classList.remove("playing");
      button.setAttribute("aria-label", `Play ${name}`);
      show();
    });
    audio.addEventListener("ended", () => {
      clip.classList.remove("begun");
      audio.currentTime = 0;
    });

    picture.tabIndex = 0;
    picture.setAttribute("role", "slider");
    picture.setAttribute("aria-label", `Position in ${name}`);
    picture.setAttribute("aria-valuemin", "0");
    picture.addEventListener("click", (event) => {
      const box = picture.getBoundingClientRect();
      seek(((event.clientX - box.left) / box.width) * length());
      audio.play();
    });
    picture.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: -0.5, ArrowRight: 0.5, Home: -Infinity, End: Infinity };
      if (event.key === " " || event.key === "Enter") toggle();
      else if (event.key in moves) seek(audio.currentTime + moves[event.key]);
      else return;
      event.preventDefault();
    });
    show();
  }

  const said = document.getElementById("said");
  for (const button of document.querySelectorAll(".copy")) {
    const code = button.closest("li").querySelector("code");
    const select = () => getSelection().selectAllChildren(code);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        said.textContent = "Copied.";
        button.textContent = "Copied";
      } catch {
        select();
        said.textContent = "The command is selected: copy it.";
        button.textContent = "Selected";
      }
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
  }
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => (one.open = true)));
})();
