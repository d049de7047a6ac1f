// The console works without this. It adds: the focus on what was refused, one sending of a form, pages that follow a job.
'use strict';
const problem = document.getElementById('problem');
if (problem) problem.focus();

for (const form of document.querySelectorAll('form[data-once]')) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = 'yes';
  });
}
// A page that comes back from the browser's memory may be sent again.
window.addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-once]')) delete form.dataset.sent;
});

const following = document.querySelector('[data-reload]');
if (following) setTimeout(() => location.reload(), 1000 * Number(following.dataset.reload));
