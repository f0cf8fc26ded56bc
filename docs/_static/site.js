// What scrolls can be reached with the keyboard, in every browser; what does not is no stop on the way.
addEventListener("DOMContentLoaded", () => {
  const sized = new ResizeObserver((changes) => {
    for (const { target } of changes) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const box of document.querySelectorAll(".table-wrapper, .highlight pre")) sized.observe(box);
});
